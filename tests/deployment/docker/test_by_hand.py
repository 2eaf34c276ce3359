"""The shipped file alone, as a person without the tool runs it: it comes up, and its checks can fail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from docker_engine import ENGINES, Project, docker, facts

pytestmark = pytest.mark.compose
SERVICES = ("postgres", "valkey", "api-0", "proxy")


@pytest.fixture(scope="module", params=ENGINES)
def project() -> Iterator[Project]:
    """Stores, one replica and the proxy, all healthy."""
    made = Project()
    try:
        made.compose("up", "--detach", "--wait", *SERVICES)
        yield made
    finally:
        made.remove()


def test_everything_comes_up_healthy(project):
    assert {name: project.health(name) for name in SERVICES} == dict.fromkeys(SERVICES, "healthy")


def test_the_proxy_reaches_the_replica_from_the_published_port(project):
    ask = (
        "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/api/v1/healthz').read().decode())"
    )
    answered = docker("exec", f"{project.name}-proxy-1", "python", "-c", ask).out
    published = facts(f"{project.name}-proxy-1")["NetworkSettings"]["Ports"]

    assert json.loads(answered)["release"] == "dev"
    assert {p[0]["HostIp"] for p in published.values() if p} == {"127.0.0.1"}


def test_only_the_proxy_is_published(project):
    ports = {n: facts(f"{project.name}-{n}-1")["NetworkSettings"]["Ports"] for n in SERVICES}

    assert [n for n, found in ports.items() if any((found or {}).values())] == ["proxy"]


def test_migrations_are_a_job_that_can_be_run_again(project):
    first, second = (json.loads(project.compose("run", "--rm", "migrate").out) for _ in range(2))

    assert first["applied"]
    assert first["pending_expand"] == []
    assert second["applied"] == []


def test_a_role_without_the_password_is_refused_by_the_database(project):
    psql = ["psql", "-h", f"{project.prefix}.140", "-U", "postgres", "-d", "xiongichat", "-c", "SELECT 1"]
    named = ["exec", "-e", "PGPASSFILE=/nonexistent", "-e", "PGPASSWORD=wrong", f"{project.name}-postgres-1"]
    over_socket = ["psql", "-U", "postgres", "-d", "xiongichat", "-w", "-c", "SELECT 1"]

    assert docker(*named, *psql, expect=None).code != 0
    assert docker(*named, *over_socket, expect=None).code != 0


def test_the_check_of_the_cache_fails_with_a_wrong_password(project):
    assert project.check("valkey").code == 0
    right = project.folder / "cache" / "password"
    kept = right.read_text()
    try:
        right.write_text("wrong")
        assert project.check("valkey").code != 0
    finally:
        right.write_text(kept)


def test_the_check_of_the_database_fails_where_the_database_is_absent(project):
    assert project.check("postgres").code == 0
    psql = ["exec", f"{project.name}-postgres-1", "psql", "-d", "postgres", "-qc"]
    docker(*psql, "ALTER DATABASE xiongichat ALLOW_CONNECTIONS false")
    try:
        assert project.check("postgres").code != 0
    finally:
        docker(*psql, "ALTER DATABASE xiongichat ALLOW_CONNECTIONS true")


def test_no_container_may_write_on_its_own_files(project):
    for name in SERVICES:
        written = docker("exec", f"{project.name}-{name}-1", "sh", "-c", "echo x > /etc/x", expect=None)
        held = facts(f"{project.name}-{name}-1")["HostConfig"]
        assert written.code != 0, name
        assert (held["ReadonlyRootfs"], held["CapDrop"], held["Privileged"]) == (True, ["ALL"], False)
        assert held["Memory"] > 0
        assert held["RestartPolicy"]["Name"] == "unless-stopped"


def test_a_stop_loses_nothing_and_ends_in_order(project):
    psql = ["exec", f"{project.name}-postgres-1", "psql", "-d", "xiongichat", "-qAtc"]
    docker(*psql, "CREATE TABLE kept AS SELECT 7 AS n")
    project.compose("stop", "postgres", "valkey", "api-0", "proxy")
    ended = {n: facts(f"{project.name}-{n}-1")["State"]["ExitCode"] for n in SERVICES}
    project.compose("up", "--detach", "--wait", "postgres")

    assert ended == dict.fromkeys(SERVICES, 0)
    assert docker(*psql, "SELECT n FROM kept").out.strip() == "7"
