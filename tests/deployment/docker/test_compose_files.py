"""What Compose is told: the shape of the files, what a person must set, and how each container is held."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from xiong.config.settings import Settings
from xiong.platforms.compose.network import Network
from xiong.platforms.local import commands
from xiong.platforms.onehost import servers

FOLDER = Path(__file__).parents[3] / "deployment" / "docker"
SCHEMA = json.loads((Path(__file__).parent / "data" / "compose-spec.json").read_text())
FILES = sorted(FOLDER.glob("compose*.yaml"))
# Their images may hold nothing that could ask; Prometheus scrapes them. A job is judged by its exit code.
WITHOUT_CHECK = {"migrate", "logging-setup", "postgres-exporter", "redis-exporter"}
WITH_SOCKET = {"watch", "console"}
# Images that are not ours, and write their configuration when they start.
WRITABLE = {"elasticsearch", "logstash", "kibana"}
JOBS = {"migrate": "no", "logging-setup": "on-failure"}
RIGHTS = {
    **{name: {"CHOWN", "DAC_OVERRIDE", "FOWNER"} for name in WITH_SOCKET},
    "filebeat": {"DAC_READ_SEARCH"},  # the engine's log files are root's
}
ROTATED = {"max-size": "10m", "max-file": "3"}
VARIABLE = re.compile(r"\$\{(XIONG_\w+)(?:(:[?-])([^}]*))?\}")  # others Compose knows by itself


def services() -> dict[str, dict]:
    """Every service of every file, as it is after anchors and merges."""
    return {name: one for file in FILES for name, one in yaml.safe_load(file.read_text())["services"].items()}


def schema_faults(document: dict) -> list[str]:
    """What the specification refuses; the schema is of docker-compose 1.29, which is strict."""
    found = jsonschema.Draft7Validator({**SCHEMA, "$schema": "http://json-schema.org/draft-07/schema#"})
    return [f"{list(fault.path)}: {fault.message}" for fault in found.iter_errors(document)]


each_service = pytest.mark.parametrize(("name", "service"), services().items(), ids=list(services()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_is_as_the_specification_says(file):
    document = yaml.safe_load(file.read_text())

    assert schema_faults(document) == []
    assert "version" not in document


def test_the_specification_refuses_what_is_misspelt():
    assert schema_faults({"services": {"one": {"image": "x", "healtcheck": {}}}}) != []


def test_the_files_hold_every_service_that_the_platform_names():
    wanted = {
        "postgres",
        "valkey",
        "wal",
        "migrate",
        "pager-0",
        "api-0",
        "api-1",
        "proxy",
        "watch",
        "console",
    }
    watching = {"prometheus", "alertmanager", "postgres-exporter", "redis-exporter", "grafana"}
    logging = {"elasticsearch", "logging-setup", "logstash", "filebeat", "kibana"}

    assert set(services()) == wanted | watching | logging


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_variable_is_in_the_example_with_the_same_value(file):
    lines = (FOLDER / ".env.example").read_text().splitlines()
    example = dict(line.lstrip("#").split("=", 1) for line in lines if re.match(r"#?XIONG_\w+=", line))
    code = "\n".join(line for line in file.read_text().splitlines() if not line.lstrip().startswith("#"))
    used = {m[1]: m[3] for m in VARIABLE.finditer(code) if m[2] == ":-"}

    assert {m[1] for m in VARIABLE.finditer(code)} - set(example) == set()
    assert {name: value for name, value in used.items() if example[name] != value} == {}


def test_what_has_no_default_is_asked_for_by_name_and_stands_in_the_example():
    text = "".join(file.read_text() for file in FILES)
    modes = {}
    for match in VARIABLE.finditer(text):
        modes.setdefault(match[1], set()).add(match[2])
    set_there = set(re.findall(r"^(XIONG_\w+)=", (FOLDER / ".env.example").read_text(), re.MULTILINE))

    assert {name for name, found in modes.items() if not found & {":?", ":-"}} == set()
    assert {name for name, found in modes.items() if ":?" in found} == set_there


def test_only_the_proxy_is_published_and_the_console_on_this_host_alone():
    published = {name: one["ports"] for name, one in services().items() if "ports" in one}

    assert list(published) == ["proxy"]
    assert published["proxy"][0].startswith("${XIONG_BIND:-127.0.0.1}:")
    assert published["proxy"][1].startswith("127.0.0.1:")
    assert all("network_mode" not in one and not one.get("privileged") for one in services().values())


@each_service
def test_each_container_is_held_in_bounds(name, service):
    assert service["init"] is True
    assert service.get("read_only", False) is (name not in WRITABLE)
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service.get("cap_add", [])) <= RIGHTS.get(name, set())
    assert re.fullmatch(r"\$\{XIONG_\w+(:[?-][^}]*)?\}", service["user"])
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert service["logging"]["options"].items() >= ROTATED.items()
    assert service["restart"] == JOBS.get(name, "unless-stopped")
    assert "stop_grace_period" in service
    assert not {"container_name", "deploy", "env_file", "build"} & set(service)


@each_service
def test_only_the_tool_holds_the_socket_of_the_engine(name, service):
    mounts = [mount for mount in service.get("volumes", []) if "docker.sock" in mount]

    assert bool(mounts) == (name in WITH_SOCKET)


@each_service
def test_each_container_has_a_check_that_asks_something(name, service):
    check = service["healthcheck"]
    if name in WITHOUT_CHECK:
        assert check == {"disable": True}
        return
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert len(check["test"]) > 1
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert "exit 0" not in str(check["test"])
    assert "|| true" not in str(check["test"])


@each_service
def test_every_address_is_fixed_and_nobody_else_has_it(name, service):
    found = addresses_of(service)
    others = {one for other, held in services().items() if other != name for one in addresses_of(held)}
    whole = Network("10.0.0")
    slots = {
        place
        for slot in (f"{kind}-{number}" for kind in ("api", "pager") for number in range(2, 5))
        for place in (f"FRONT.{whole.front(slot)[7:]}", f"BACK.{whole.back(slot)[7:]}")
    }

    assert bool(found) == (name != "migrate")
    assert found & (others | slots) == set()


def addresses_of(service: dict) -> set[str]:
    """Each fixed address, as network and last number."""
    told = [network["ipv4_address"] for network in service["networks"].values() if network]
    found = [re.fullmatch(r"\$\{XIONG_(FRONT|BACK)_PREFIX(?::\?[^}]*)?\}\.(\d+)", one) for one in told]
    assert all(found), told
    return {f"{one[1]}.{one[2]}" for one in found if one}


def test_the_stores_are_on_the_inner_network_alone():
    networks = yaml.safe_load((FOLDER / "compose.yaml").read_text())["networks"]

    assert networks["back"]["internal"] is True
    assert "internal" not in networks["front"]
    for name in ("postgres", "valkey", "wal", "migrate"):
        assert set(services()[name]["networks"]) == {"back"}, name
    assert set(services()["proxy"]["networks"]) == {"front"}


def test_no_secret_is_in_an_environment_or_on_a_command_line():
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY|_URL$")
    plain = {"OPENAI_BASE_URL", "PUBLIC_URL", "CONSOLE_URL", "PROMETHEUS_URL", "MODEL_DAILY_TOKENS"}
    for name, one in services().items():
        told = one.get("environment", {})
        named = {key for key in told if secret.search(key) and key not in plain}
        assert {key for key in named if not key.endswith("_FILE")} == set(), name
        assert "requirepass" not in str(one.get("command")), name


def test_the_checks_of_the_stores_can_fail():
    database, cache = (services()[name]["healthcheck"]["test"][1] for name in ("postgres", "valkey"))

    assert "pg_isready -q -h 127.0.0.1" in database
    assert "-d xiongichat" in database
    assert "SELECT 1" in database
    assert "REDISCLI_AUTH" in cache
    assert cache.endswith("= PONG")


def test_each_process_may_end_what_it_does():
    found = services()
    seconds = {name: int(one["stop_grace_period"].removesuffix("s")) for name, one in found.items()}
    drain = next(w for w in found["api-0"]["command"] if w.startswith("--timeout-graceful-shutdown="))

    assert seconds["api-0"] >= int(drain.partition("=")[2]) + 10
    assert found["postgres"]["stop_signal"] == "SIGINT"
    assert seconds["postgres"] == 60
    assert seconds["proxy"] >= 35


def test_a_replica_is_started_as_the_local_platform_starts_it():
    local = commands.replica(Path("python"), 8000, Settings().deploy.drain_seconds)

    assert services()["api-0"]["command"] == [
        w.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - of its container
        for w in local
    ]
    assert services()["api-0"]["command"] == services()["api-1"]["command"]


def test_the_database_has_the_options_of_the_local_one():
    words = services()["postgres"]["command"]
    with_defaults = [VARIABLE.sub(lambda m: m[3], word) for word in words[1:]]
    found = dict(word.removeprefix("-c").split("=", 1) for word in with_defaults)
    settings = Settings()
    wanted = servers.database_options(settings.database) | servers.log_options(settings, "")

    assert words[0] == "postgres"
    assert found.pop("port") == "5432"
    assert found.pop("listen_addresses") == "*"
    assert found.pop("hba_file") == "/run/xiong/database/pg_hba.conf"
    assert found == wanted


def test_the_receiver_of_the_log_is_started_as_the_local_one():
    local = commands.receive_wal(None, Path("/wal"), synchronous=False)

    assert services()["wal"]["command"] == local


def test_nothing_waits_for_a_name_server():
    addresses = re.compile(r"@?(?:postgres|valkey|api-\d|proxy|watch):\d+")

    for name, one in services().items():
        told = [one.get(key) for key in ("command", "environment", "healthcheck")]
        assert addresses.findall(json.dumps(told)) == [], name
