"""The alerts that fire now, from Alertmanager's API where one is there. Read by `board`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiong.tools.http import Http

_SEVERITIES = ("critical", "warning", "info")
_ALWAYS_FIRES = "Watchdog"


@dataclass(frozen=True)
class Alert:
    """A firing alert.

    Attributes:
        name: of its rule.
        severity: critical, warning or info.
        summary: what it says.
        runbook: where to read on, or empty.
        since: UTC.
        silenced: whether somebody muted it, or another alert explains it.
    """

    name: str
    severity: str
    summary: str
    runbook: str
    since: datetime
    silenced: bool


@dataclass(frozen=True)
class Alerts:
    """What Alertmanager says.

    Attributes:
        configured: whether there is one.
        reachable: whether it answers.
        firing: worst first; the one that always fires is left out.
        watched: whether that one fires, so that silence means health.
    """

    configured: bool
    reachable: bool = False
    firing: tuple[Alert, ...] = ()
    watched: bool = False


async def alerts(address: str) -> Alerts:
    """Asks Alertmanager; an empty address means that there is none."""
    if not address:
        return Alerts(configured=False)
    async with Http(address.rstrip("/"), timeout_seconds=3) as http:
        answer = await http.request("GET", "/api/v2/alerts?active=true&silenced=true&inhibited=true")
    document = answer.json() if answer is not None and answer.status == 200 else None
    if not isinstance(document, list):
        return Alerts(configured=True)
    found = [_alert(entry) for entry in document]
    shown = [alert for alert in found if alert.name != _ALWAYS_FIRES]
    return Alerts(True, True, tuple(sorted(shown, key=_order)), len(shown) < len(found))


def _alert(entry: dict[str, Any]) -> Alert:
    labels, notes = entry.get("labels", {}), entry.get("annotations", {})
    link = str(notes.get("runbook_url", ""))
    return Alert(
        name=str(labels.get("alertname", "")),
        severity=str(labels.get("severity", "info")),
        summary=str(notes.get("summary", "")),
        runbook=link if link.startswith(("https://", "http://")) else "",
        since=datetime.fromisoformat(entry["startsAt"]),
        silenced=entry.get("status", {}).get("state") == "suppressed",
    )


def _order(alert: Alert) -> tuple[bool, int, str]:
    known = alert.severity in _SEVERITIES
    return alert.silenced, _SEVERITIES.index(alert.severity) if known else len(_SEVERITIES), alert.name
