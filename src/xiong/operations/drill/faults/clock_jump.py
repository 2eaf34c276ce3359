"""The clock is wrong (simulated: the check is told to add an offset; nobody's clock is touched)."""

from __future__ import annotations

from xiong.operations.drill import bystanders
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Seen, Stage, Unanswered

KIND, NAME = "drill", "clock-offset"
_BEYOND = 24  # times the limit: two minutes with the default


async def _inject(stage: Stage) -> Injected:
    seconds = stage.settings.health.clock_skew_seconds * _BEYOND
    before = await bystanders.seen(stage.platform)
    await stage.note({"seconds": seconds})
    began = stage.clock.monotonic()
    await stage.platform.records.write(KIND, NAME, {"seconds": seconds})
    return Injected(f"simulated: the check of the clock adds {seconds:g} s", began, before=before)


async def _undo(stage: Stage, note: Note) -> None:
    if note:
        await stage.platform.records.delete(KIND, NAME)


DRILL = Drill(
    name="clock-jump",
    title="The clock jumps (simulated: only the check sees another time)",
    limits=Limits(heal_seconds=60, detect_seconds=30, told_seconds=60, unanswered=Unanswered.NONE),
    reason="no restart sets a clock: people are told within a minute, and nothing is touched",
    seen=Seen("clock", ("skew",)),
    heals=Heals.CLEANUP,
    inject=_inject,
    undo=_undo,
    holds_seconds=45,
    after=bystanders.left_alone,
)
