"""Both images, built here: small, without what builds, and good for what the compose file does with them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid

import pytest

from docker_engine import ENGINES, STEP, docker, facts, hardened, image, one_build

pytestmark = [pytest.mark.compose, pytest.mark.parametrize("engine", ENGINES)]
BUDGETS = {"service": 260, "operations": 700}
each_target = pytest.mark.parametrize("target", list(BUDGETS))


@each_target
def test_an_image_keeps_within_its_budget(engine, target):
    size = facts(image(target))["Size"] / 1e6

    print(f"{target}: {size:.0f} MB of {BUDGETS[target]}")  # noqa: T201
    assert 50 < size <= BUDGETS[target]


@each_target
def test_nobody_in_an_image_is_root_or_may_become_it(engine, target):
    configuration = facts(image(target))["Config"]
    bits = hardened(image(target), "find", "/", "-xdev", "-type", "f", "-perm", "/6000", expect=None)

    assert configuration["User"] == "10001:10001"
    assert configuration["StopSignal"] == "SIGTERM"
    assert not configuration.get("Entrypoint")
    assert hardened(image(target), "id", "-u").out.strip() == "10001"
    assert bits.out == ""


@each_target
def test_an_image_holds_nothing_that_installs_or_compiles(engine, target):
    script = "for p in pip pip3 gcc cc make git uv; do command -v $p; done; true"
    modules = (
        "import importlib.util as u; print([m for m in ('pip', 'setuptools', 'ensurepip') if u.find_spec(m)])"
    )
    found = set(hardened(image(target), "sh", "-c", script).out.split())

    # the tool builds releases of the local platform by uv, which its lock names
    assert found <= ({"/opt/xiong/bin/uv"} if target == "operations" else set())
    assert hardened(image(target), "python", "-c", modules).out.strip() == "[]"


@each_target
def test_the_byte_code_is_there_and_is_never_compared_with_its_source(engine, target):
    script = "import api.settings as m; print(open(m.__cached__, 'rb').read()[4])"

    assert hardened(image(target), "python", "-c", script).out.strip() == "1"


@each_target
def test_the_labels_say_what_it_is(engine, target):
    labels = facts(image(target))["Config"]["Labels"]

    assert labels["org.opencontainers.image.title"] == f"xiong-{target}"
    assert re.fullmatch(r"\d+\.\d+\.\d+", labels["org.opencontainers.image.version"])
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", labels["org.opencontainers.image.revision"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["org.opencontainers.image.created"])


@each_target
def test_nothing_tells_where_packages_came_from(engine, target):
    history = docker("history", "--no-trunc", "--format={{.CreatedBy}}", image(target)).out
    notes = "find / -xdev -name pip.conf -o -xdev -name direct_url.json -o -xdev -name .netrc"
    told = history + str(facts(image(target))["Config"])

    assert hardened(image(target), "sh", "-c", f"{notes} 2>/dev/null; true").out == ""
    assert not re.search(r"index.url|PIP_|://(?!xiongichat\.invalid)", told.replace("PIP_CERT", ""))


def test_the_service_describes_its_migrations(engine):
    described = json.loads(hardened(image("service"), "python", "-m", "api.migrate", "describe").out)

    assert described["requires"]
    assert set(described["requires"]) <= set(described["knows"])


def test_the_service_has_its_pager_and_not_the_tool(engine):
    pager = hardened(image("service"), "python", "-m", "api.pager", expect=None)
    tool = hardened(image("service"), "sh", "-c", "command -v xiong || python -c 'import xiong'", expect=None)

    assert (pager.code, "DATABASE_URL" in pager.err) == (2, True)
    assert tool.code != 0


def test_a_server_that_is_told_to_stop_ends_well(engine):
    name = f"xiong-test-{uuid.uuid4().hex[:8]}"
    bounds = ["--init", "--read-only", "--tmpfs=/tmp", "--tmpfs=/var/lib/xiong/spool:uid=10001,gid=10001"]
    address = "DATABASE_URL=postgresql://nobody:none@127.0.0.1:1/none"
    docker("run", "-d", f"--name={name}", *bounds, "--cap-drop=ALL", "-e", address, image("service"))
    try:
        asking = "until python -m api.healthcheck; do :; done"
        docker("exec", name, "timeout", "60", "sh", "-c", asking)
        docker("stop", "--time=40", name)
        state = facts(name)["State"]
    finally:
        docker("rm", "-f", name)

    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)


def test_the_tool_finds_every_program_and_file_that_it_runs(engine):
    script = (
        "from xiong.platforms import shipped; from xiong.platforms.local.programs import find_programs; "
        "p = find_programs(); assert (p.postgres / 'pg_receivewal').is_file(); "
        "print(p.caddy, p.valkey, shipped.folder(), (shipped.docker() / '.env.example').is_file())"
    )
    found = hardened(image("operations"), "python", "-c", script).out

    assert found.startswith("/opt/xiong/bin/caddy ")
    assert found.strip().endswith("True")


@pytest.mark.parametrize(
    "words",
    [["xiong", "--help"], ["caddy", "version"], ["docker", "--version"], ["docker", "compose", "version"]],
)
def test_the_tool_starts_what_it_needs(engine, words):
    assert hardened(image("operations"), *words).out


def test_what_debian_has_fixed_since_is_found_and_named(engine):
    name = "xiong-test-outdated"
    edit = "/^Package: base-files$/,/^Version:/ s/^Version: .*/Version: 1-1/"
    text = f"FROM {image('service')}\nUSER 0\nRUN sed -i '{edit}' /var/lib/dpkg/status\n"
    with one_build():
        built = subprocess.run(
            ["docker", "build", "--quiet", f"--tag={name}", "-"],
            input=text,
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert built.returncode == 0, built.stderr

    fresh, old, blind = (scanned(image("service")), scanned(name), scanned(name, SCAN_NETWORK="none"))

    assert (blind.returncode, "not run" in blind.stderr) == (4, True)
    if old.returncode != 4:  # Debian's lists are reached from here
        assert fresh.returncode in {0, 1}
        assert (old.returncode, "base-files 1-1, fixed in" in old.stderr) == (1, True)
    docker("image", "rm", name)


def scanned(name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [STEP.with_name("scan.sh"), name],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
