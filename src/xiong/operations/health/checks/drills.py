"""`drills`: each drill that was ever run here passed the last time, and not too long ago."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from xiong.model.drill import DrillOutcome, DrillResult
from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.drill import score
from xiong.operations.health.check import Check
from xiong.operations.health.checks.wording import not_run
from xiong.operations.health.scene import Scene

_NAME = "drills"
_DAY = 86_400.0


async def look(scene: Scene) -> Finding:
    """Reads the reports."""
    newest = await score.newest(scene.platform.records)
    if not newest:
        return not_run(_NAME, "no drill was ever run here")
    return judge(newest, scene.clock.now(), scene.settings.drills.stale_days)


def judge(newest: Mapping[str, DrillResult], now: datetime, stale_days: float) -> Finding:
    """A failed one comes before a stale one; at worst DEGRADED."""
    ages = {name: (now - result.begun_at).total_seconds() / _DAY for name, result in newest.items()}
    failed = sorted(name for name, result in newest.items() if result.outcome is DrillOutcome.FAILED)
    stale = sorted(name for name, days in ages.items() if days > stale_days)
    figures = (
        Figure("drills", len(newest)),
        Figure("failed", len(failed)),
        Figure("stale", len(stale)),
        Figure("oldest", max(ages.values()) * _DAY, "s", stale_days * _DAY),
    )
    if failed:
        words = f"{', '.join(failed)} failed the last time"
        return _ill(words, f"xiong drill {failed[0]}", figures, "failed")
    if stale:
        oldest = max(stale, key=lambda name: ages[name])
        words = f"{', '.join(stale)} last passed up to {ages[oldest]:.0f} days ago, {stale_days:g} are meant"
        return _ill(words, f"xiong drill {oldest}", figures, "stale")
    words = f"{len(newest)} passed, the oldest {max(ages.values()):.0f} days ago"
    return Finding(_NAME, Verdict.HEALTHY, words, figures=figures)


def _ill(words: str, hint: str, figures: tuple[Figure, ...], cause: str) -> Finding:
    return Finding(_NAME, Verdict.DEGRADED, words, hint=hint, figures=figures, cause=cause)


DRILLS = Check(_NAME, look, every_seconds=60)
