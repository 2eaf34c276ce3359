"""What the drills prove now: which promise was kept lately, and which one nobody has tried for long.

Read before a deploy, since a release is only as safe as what heals it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from xiong.config.settings import Settings
from xiong.model.drill import DrillOutcome, DrillResult
from xiong.operations.drill import score
from xiong.operations.journal import Journal
from xiong.platforms.base import RecordStore

_PRODUCTION = "production"
_ANY = "--all"


async def unproven(records: RecordStore, settings: Settings, now: datetime) -> list[str]:
    """Drills whose last run failed, or that have not passed for `drills.stale_days`, in words.

    Counted are those that ever ran here and those that are scheduled; in production at least one must. One
    that never ran counts from the first rollout of this copy, so that nothing new is stale.
    """
    runs = await _runs(records)
    names = dict.fromkeys((*settings.drills.schedule, *runs))
    if not names and settings.service.environment == _PRODUCTION:
        names = {_ANY: None}
    since = await _first_rollout(records, now)
    oldest = now - timedelta(days=settings.drills.stale_days)
    return [fault for name in names if (fault := _fault(name, runs.get(name, []), since, oldest))]


def _fault(name: str, runs: list[DrillResult], since: datetime, oldest: datetime) -> str | None:
    """What one drill fails to prove; its runs are in the order of time."""
    if runs and runs[-1].outcome is DrillOutcome.FAILED:
        return f"drill {name} failed on {runs[-1].begun_at:%Y-%m-%d}"
    passed = [run.begun_at for run in runs if run.outcome is DrillOutcome.PASSED]
    if not passed:
        what = "no drill was ever run" if name == _ANY else f"drill {name} has never passed"
        return f"{what} since {since:%Y-%m-%d}" if since < oldest else None
    return f"drill {name} last passed on {passed[-1]:%Y-%m-%d}" if passed[-1] < oldest else None


async def _runs(records: RecordStore) -> dict[str, list[DrillResult]]:
    """{drill: its runs, oldest first}; what could not be run proves nothing either way."""
    found: dict[str, list[DrillResult]] = {}
    for result in reversed(await score.history(records)):
        if result.outcome is not DrillOutcome.NOT_RUN:
            found.setdefault(result.drill, []).append(result)
    return found


async def _first_rollout(records: RecordStore, now: datetime) -> datetime:
    first = await Journal(records).first()
    return first.begun_at if first else now
