"""The two sentences on top: is anybody in danger, and is anything broken; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xiong.console.alerts import Alerts
from xiong.console.healing import Healing
from xiong.console.pages import CalledPage
from xiong.model.instance import InstanceState
from xiong.operations.status import Status


@dataclass(frozen=True)
class Verdict:
    """One sentence.

    Attributes:
        tone: ok, warn or bad; never the only carrier of the meaning.
        words: the key of its text.
        values: what is put into it.
        lines: what stands below it: keys or sentences, each with its values.
    """

    tone: str
    words: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def danger(pages: Sequence[CalledPage] | None, now: datetime) -> Verdict:
    """Is anybody in danger? Not knowing is never shown as no."""
    if pages is None:
        return Verdict("warn", "danger.unknown")
    waiting = [page for page in pages if page.is_open and page.in_danger]
    if not waiting:
        return Verdict("ok", "danger.none")
    imminent = sum(page.level == "IMMINENT" for page in waiting)
    oldest = max((now - page.opened_at).total_seconds() for page in waiting)
    values = {"imminent": imminent, "high": len(waiting) - imminent, "age": oldest}
    if not imminent:
        return Verdict("warn", "danger.high", values)
    return Verdict("bad", "danger.both" if len(waiting) > imminent else "danger.imminent", values)


def health(status: Status | None, failure: str, alerts: Alerts, healing: Healing | None = None) -> Verdict:
    """Is anything broken?"""
    if status is None:
        return Verdict("bad", "health.unknown", lines=(failure,))
    critical = [a.name for a in alerts.firing if a.severity == "critical" and not a.silenced]
    named = tuple(f"alert {name} fires" for name in critical)
    faults = (*status.faults, *named)
    if healing is not None:
        faults = (*faults, *_of_checks(healing, alone=not faults))
    if not faults:
        replicas = [i for i in status.instances if i.service == "api"]
        ready = sum(i.state is InstanceState.READY for i in replicas)
        release = status.committed.release if status.committed else ""
        return Verdict("ok", "health.good", {"release": release, "ready": ready})
    tone = "bad" if status.answering is None or critical else "warn"
    return Verdict(
        tone, "health.one" if len(faults) == 1 else "health.faults", {"count": len(faults)}, faults
    )


def _of_checks(healing: Healing, *, alone: bool) -> tuple[str, ...]:
    """What the healer leaves to a human; what a check found is named where nothing else explains it."""
    if healing.frozen:
        return tuple(f"the healer has given up on {name}: a human must act" for name in healing.frozen)
    return tuple(f"check {name} is unhealthy" for name in healing.unhealthy) if alone else ()
