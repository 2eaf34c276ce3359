"""Who hears of which alert (amtool, on each alert), and which is silent (Alertmanager itself)."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitoring_files import ALERTMANAGERS, AMTOOLS, MONITORING, load, rules, run
from servers import free_port, wait_until

FILE = MONITORING / "alertmanager" / "alertmanager.yml"
CONFIG: Any = load(FILE)
RECEIVERS = {team: team for team in ("crisis", "backend", "database", "operations")}


def labels(rule: dict[str, Any]) -> dict[str, str]:
    return {"alertname": rule["alert"], **rule["labels"]}


FORMS = sorted({tuple(sorted(labels(rule).items())) for _, rule in rules("alert")})


def branches(route: dict[str, Any], inherited: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every route with what it inherits."""
    own = inherited | {key: value for key, value in route.items() if key != "routes"}
    yield own
    for inner in route.get("routes", []):
        yield from branches(inner, {k: v for k, v in own.items() if k != "mute_time_intervals"})


ROUTES = list(branches(CONFIG["route"], {}))


@pytest.mark.parametrize("amtool", AMTOOLS)
def test_amtool_reads_the_configuration(amtool: str) -> None:
    done = run(amtool, "check-config", FILE)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(value for _, value in form))
@pytest.mark.parametrize("amtool", AMTOOLS)
def test_a19_every_alert_reaches_its_team(amtool: str, form: tuple[tuple[str, str], ...]) -> None:
    found = dict(form)
    wanted = "heartbeat" if found["alertname"] == "Watchdog" else RECEIVERS[found["team"]]
    words = [f"{name}={value}" for name, value in form]
    done = run(
        amtool, "config", "routes", "test", f"--config.file={FILE}", f"--verify.receivers={wanted}", *words
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("amtool", AMTOOLS)
def test_an_alert_without_a_team_still_reaches_somebody(amtool: str) -> None:
    done = run(amtool, "config", "routes", "test", f"--config.file={FILE}", "alertname=New")
    assert done.stdout.split()[-1] == "operations"


@pytest.mark.parametrize(
    ("link", "runbook"),
    [("https://x.invalid/APIDown.md", "https://x.invalid/APIDown.md"), ("", "docs/runbooks/APIDown.md")],
)
@pytest.mark.parametrize("amtool", AMTOOLS)
def test_a_message_has_the_summary_the_description_and_the_runbook(
    amtool: str, link: str, runbook: str, tmp_path: Path
) -> None:
    alert = {
        "status": "firing",
        "labels": {"alertname": "APIDown"},
        "annotations": {
            "summary": "API 服務不可用",
            "description": "No replica.",
            "runbook_url": link,
        },
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
    }
    data = tmp_path / "data.json"
    shared = {"alertname": "APIDown", "severity": "critical", "cluster": "local"}
    document = {
        "status": "firing",
        "alerts": [alert],
        "commonLabels": shared,
        "commonAnnotations": alert["annotations"],
    }
    data.write_text(json.dumps(document), encoding="utf-8")
    text = '{{ template "xiongichat.subject" . }}|{{ template "xiongichat.text" . }}'
    templates = f"--template.glob={FILE.parent}/templates/*.tmpl"
    done = run(amtool, "template", "render", templates, f"--template.text={text}", f"--template.data={data}")
    subject, body = done.stdout.split("|", 1)
    assert subject == "[緊急] API 服務不可用（APIDown, local）"
    assert body.split("\n")[:2] == ["API 服務不可用", "No replica."]
    assert f"\n處理手冊：{runbook}\n" in body


def test_every_crisis_alert_is_sent_by_itself_and_at_once() -> None:
    crisis = [route for route in ROUTES if route["receiver"] == "crisis"]
    assert len(crisis) == 2
    assert all(route["group_by"] == ["..."] and route["group_wait"] == "0s" for route in crisis)
    assert not any("mute_time_intervals" in route for route in crisis)


def test_the_heartbeat_goes_out_every_minute() -> None:
    (beat,) = [route for route in ROUTES if route["receiver"] == "heartbeat"]
    assert (beat["group_wait"], beat["group_interval"], beat["repeat_interval"]) == ("0s", "1m", "1m")
    assert CONFIG["route"]["routes"][0]["receiver"] == "heartbeat"


def test_only_what_can_wait_is_mute_at_night_in_taiwan() -> None:
    mute = [route for route in ROUTES if route.get("mute_time_intervals")]
    assert mute
    assert all(route["matchers"] == ['severity="info"'] for route in mute)
    ((night,),) = [interval["time_intervals"] for interval in CONFIG["time_intervals"]]
    assert night["location"] == "Asia/Taipei"
    assert [(t["start_time"], t["end_time"]) for t in night["times"]] == [
        ("22:00", "24:00"),
        ("00:00", "08:00"),
    ]


def test_secrets_are_files_and_addresses_lead_nowhere() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert (
        re.findall(r"^\s*\w*(?:password|token|secret|credentials|api_url|api_key): \S", text, re.MULTILINE)
        == []
    )
    files = re.findall(r"\w+_file: ([^\s}]+)", text)
    assert files
    assert {str(Path(file).parent) for file in files} == {"/run/secrets"}
    hosts = re.findall(r"(?:https?://|@)([\w.-]+)", text)
    assert hosts
    assert all(host.endswith(".invalid") for host in hosts)


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
