"""Which alerts are silent because another speaks: the shipped configuration in a real Alertmanager."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitoring_files import ALERTMANAGERS, MONITORING, rules
from servers import free_port, wait_until

FILE = MONITORING / "alertmanager" / "alertmanager.yml"


def labels(rule: dict[str, Any]) -> dict[str, str]:
    return {"alertname": rule["alert"], **rule["labels"]}


class Alertmanager:
    """A running Alertmanager with our routes."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def post(self, *alerts: dict[str, str]) -> None:
        now = datetime.now(UTC).isoformat()
        body = [{"labels": alert, "startsAt": now} for alert in alerts]
        httpx.post(f"{self.url}/api/v2/alerts", json=body, timeout=10).raise_for_status()

    def states(self) -> dict[str, str]:
        """{alertname and severity: active or suppressed}."""
        found = httpx.get(f"{self.url}/api/v2/alerts", timeout=10).json()
        return {f"{a['labels']['alertname']} {a['labels']['severity']}": a["status"]["state"] for a in found}

    def answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/-/ready", timeout=2).is_success
        return False


@pytest.fixture
def alertmanager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Alertmanager]:
    port = free_port()
    argv = [
        request.param,
        f"--config.file={FILE}",
        f"--storage.path={tmp_path}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    argv += ["--cluster.listen-address=", "--log.level=error"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            found = Alertmanager(port)
            wait_until(found.answers, "Alertmanager answers")
            yield found
        finally:
            process.terminate()
            process.wait(30)


def form(alert: str, severity: str | None = None) -> dict[str, str]:
    """The labels of an alert of the rules as Prometheus sends them."""
    fitting = [labels(r) for _, r in rules("alert") if r["alert"] == alert]
    return next(f for f in fitting if severity in {None, f["severity"]}) | {"cluster": "local"}


@pytest.mark.parametrize("alertmanager", ALERTMANAGERS, indirect=True)
def test_one_fault_is_one_message_and_a_crisis_is_never_silenced(alertmanager: Alertmanager) -> None:
    crises = [
        labels(rule) | {"cluster": "local"}
        for _, rule in rules("alert")
        if rule["labels"]["team"] == "crisis"
    ]
    alertmanager.post(
        form("APIDown"),
        form("HighErrorRate"),
        form("DatabaseDown"),
        form("SpoolNotDraining"),
        form("CacheDown"),
        form("DiskSpaceLow", "critical") | {"volume": "data"},
        form("DiskSpaceLow", "warning") | {"volume": "data"},
        form("AvailabilityBudgetBurn", "critical"),
        form("AvailabilityBudgetBurn", "warning"),
        *crises,
    )
    silent = {
        "HighErrorRate warning",
        "SpoolNotDraining warning",
        "DiskSpaceLow warning",
        "AvailabilityBudgetBurn warning",
    }
    wait_until(
        lambda: {n for n, state in alertmanager.states().items() if state == "suppressed"} == silent,
        "the lesser alerts are silent",
    )
    assert set(alertmanager.states()) >= {f"{c['alertname']} {c['severity']}" for c in crises}


@pytest.mark.parametrize("alertmanager", ALERTMANAGERS, indirect=True)
def test_another_volume_and_another_cluster_still_speak(alertmanager: Alertmanager) -> None:
    alertmanager.post(
        form("DiskSpaceLow", "critical") | {"volume": "data"},
        form("DiskSpaceLow", "warning") | {"volume": "logs"},
        form("APIDown") | {"cluster": "staging"},
        form("HighErrorRate"),
    )
    wait_until(lambda: len(alertmanager.states()) == 4, "four alerts are there")
    assert set(alertmanager.states().values()) == {"active"}


def of_check(alert: str, check: str) -> dict[str, str]:
    """As the rules say it of one check; RecoveryFrozen is critical only where people feel it at once."""
    felt = check in {"database", "api", "proxy", "pager"}
    severity = ("critical" if felt else "warning") if alert == "RecoveryFrozen" else None
    return form(alert, severity) | {"check": check}


def named(alert: dict[str, str]) -> tuple[str, str]:
    """An alert and the check or drill that it is about."""
    return alert["alertname"], alert.get("check", alert.get("drill", ""))


def assert_silent(
    alertmanager: Alertmanager, alerts: list[dict[str, str]], wanted: set[tuple[str, str]]
) -> None:
    """Posts the alerts; of exactly the wanted ones nobody hears."""
    alertmanager.post(*alerts)

    def states() -> dict[tuple[str, str], str]:
        found = httpx.get(f"{alertmanager.url}/api/v2/alerts", timeout=10).json()
        return {named(a["labels"]): a["status"]["state"] for a in found}

    expected = {
        name: "suppressed" if name in wanted else "active" for name in {named(alert) for alert in alerts}
    }
    wait_until(lambda: states() == expected, f"only {sorted(wanted)} are silent")


@pytest.mark.parametrize("alertmanager", ALERTMANAGERS, indirect=True)
def test_a_database_that_is_down_silences_what_the_healer_says_of_its_victims(
    alertmanager: Alertmanager,
) -> None:
    alerts = [
        form("DatabaseDown"),
        of_check("CheckUnhealthy", "database"),
        of_check("CheckUnhealthy", "api"),
        of_check("CheckUnhealthy", "clock"),
        of_check("RecoveryFrozen", "api"),
        of_check("RecoveryFrozen", "proxy"),
        of_check("RecoveryFrozen", "pager"),
        of_check("RecoveryFrozen", "database"),
    ]
    silent = {
        ("CheckUnhealthy", "database"),
        ("CheckUnhealthy", "api"),
        ("RecoveryFrozen", "api"),
        ("RecoveryFrozen", "proxy"),
    }
    assert_silent(alertmanager, alerts, silent)


@pytest.mark.parametrize("alertmanager", ALERTMANAGERS, indirect=True)
def test_a_check_that_is_only_unhealthy_never_silences_a_healer_that_has_given_up(
    alertmanager: Alertmanager,
) -> None:
    alerts = [
        of_check("CheckUnhealthy", "database"),
        of_check("CheckUnhealthy", "api"),
        of_check("CheckUnhealthy", "disk"),
        of_check("RecoveryFrozen", "api"),
        of_check("RecoveryFrozen", "monitoring"),
    ]
    assert_silent(alertmanager, alerts, {("CheckUnhealthy", "api")})


@pytest.mark.parametrize("alertmanager", ALERTMANAGERS, indirect=True)
def test_a_part_that_speaks_for_itself_silences_its_check_and_no_other(alertmanager: Alertmanager) -> None:
    alerts = [
        form("APIReplicaMissing"),
        form("CacheDown"),
        form("ModelFailing"),
        form("WatchStepFailing") | {"step": "health"},
        form("DrillFailed") | {"drill": "kill-cache"},
        form("DrillStale") | {"drill": "kill-cache"},
        form("DrillStale") | {"drill": "kill-replica"},
        *(of_check("CheckUnhealthy", check) for check in ("api", "cache", "model", "proxy", "memory")),
        of_check("CheckStale", "disk"),
    ]
    silent = {
        ("CheckUnhealthy", "api"),
        ("CheckUnhealthy", "cache"),
        ("CheckUnhealthy", "model"),
        ("CheckStale", "disk"),
        ("DrillStale", "kill-cache"),
    }
    assert_silent(alertmanager, alerts, silent)


@pytest.mark.parametrize("alertmanager", ALERTMANAGERS, indirect=True)
def test_what_keeps_backups_from_being_made_speaks_alone(alertmanager: Alertmanager) -> None:
    alerts = [
        *(form(name) | {"check": ""} for name in ("DatabaseDown", "WalShippingStopped", "RpoExceeded")),
        *(form(name) | {"check": ""} for name in ("BackupFailed", "BackupStale")),
    ]
    silent = {("WalShippingStopped", ""), ("RpoExceeded", ""), ("BackupStale", "")}
    assert_silent(alertmanager, alerts, silent)
