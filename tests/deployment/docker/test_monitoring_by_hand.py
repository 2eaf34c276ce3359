"""Prometheus, Alertmanager and the exporters beside the stores, as the shipped files start them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml

from docker_engine import ENGINES, USER, Project, docker, facts
from xiong.platforms import shipped

pytestmark = pytest.mark.compose
STORES = ("postgres", "valkey")
WATCHING = ("prometheus", "alertmanager")
EXPORTERS = ("postgres-exporter", "redis-exporter")
ROLE = "CREATE ROLE xiongichat_monitor LOGIN PASSWORD '{}' IN ROLE pg_monitor"


@pytest.fixture(scope="module", params=ENGINES)
def project() -> Iterator[Project]:
    """The stores, and everything that watches them."""
    made = Project(files=("compose.yaml", "compose.monitoring.yaml"))
    try:
        _fill(made)
        made.compose("up", "--detach", "--wait", *STORES)
        docker(
            "exec", f"{made.name}-postgres-1", "psql", "-d", "xiongichat", "-qc", ROLE.format(made.password)
        )
        made.compose("up", "--detach", "--wait", *WATCHING)
        made.compose("up", "--detach", *EXPORTERS)
        yield made
    finally:
        made.remove()


def _fill(made: Project) -> None:
    exporters = {"postgres": f"{made.prefix}.146:9187", "redis": f"{made.prefix}.147:9121"}
    jobs = [
        {"job_name": job, "scrape_interval": "1s", "static_configs": [{"targets": [target]}]}
        for job, target in exporters.items()
    ]
    alerting = {"alertmanagers": [{"static_configs": [{"targets": [f"{made.prefix}.14:9093"]}]}]}
    routes = shipped.load(shipped.folder() / "alertmanager" / "alertmanager.yml")
    receivers = shipped.with_receivers(routes, lambda name: f"http://{made.prefix}.12:9108/alerts/{name}")
    configuration = {
        "prometheus.yml": {"scrape_configs": jobs, "alerting": alerting},
        "alertmanager.yml": receivers,
    }
    made.put(
        "monitoring", {name: yaml.safe_dump(d, allow_unicode=True) for name, d in configuration.items()}, USER
    )
    for name in WATCHING:
        made.put(f"monitoring/{name}", {}, USER)
    passwords = json.dumps({f"redis://{made.prefix}.141:6379": made.password})
    made.put("exporters", {"database-password": made.password, "cache-passwords.json": passwords}, USER)


def asked(project: Project, query: str) -> list[float]:
    """The values that Prometheus has for a query."""
    words = ["promtool", "query", "instant", "--format=json", "http://127.0.0.1:9090", query]
    out = docker("exec", f"{project.name}-prometheus-1", *words).out
    return [float(sample["value"][1]) for sample in json.loads(out)]


def test_what_watches_is_healthy(project):
    assert {name: project.health(name) for name in WATCHING} == dict.fromkeys(WATCHING, "healthy")


@pytest.mark.parametrize(("name", "port"), [("prometheus", "9090"), ("alertmanager", "9093")])
def test_the_check_fails_where_nobody_answers(project, name, port):
    words = facts(f"{project.name}-{name}-1")["Config"]["Healthcheck"]["Test"][1:]
    elsewhere = [word.replace(port, "9") for word in words]

    assert elsewhere != words
    assert docker("exec", f"{project.name}-{name}-1", *words, expect=None).code == 0
    assert docker("exec", f"{project.name}-{name}-1", *elsewhere, expect=None).code != 0


def test_the_exporters_log_in_to_the_stores_with_passwords_from_files(project):
    until = "until promtool query instant http://127.0.0.1:9090 '{}' | grep -q '=> 1 '; do :; done"
    for query in ("pg_up", "redis_up"):
        words = ["timeout", "60", "sh", "-c", until.format(query)]
        docker("exec", f"{project.name}-prometheus-1", *words)
        assert asked(project, query) == [1.0]
