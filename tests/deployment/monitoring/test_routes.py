"""Who hears of which alert: amtool asks the shipped routes about each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring_files import AMTOOLS, MONITORING, load, rules, run

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
