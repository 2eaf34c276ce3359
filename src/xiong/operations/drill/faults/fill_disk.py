"""A disk is full: a small one of its own among the logs, so that the machine's never is."""

from __future__ import annotations

from xiong.operations.drill import bystanders
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Seen, Stage, Unanswered
from xiong.platforms.faults import Fault


async def _needs(stage: Stage) -> str | None:
    return await stage.platform.faults.lacks(Fault.FILL_DISK)


async def _inject(stage: Stage) -> Injected:
    before = await bystanders.seen(stage.platform)
    await stage.note({"disk": "small"})
    began = stage.clock.monotonic()
    where = await stage.platform.faults.fill_disk()
    return Injected(f"{where}, filled to the last byte with rotated logs", began, before=before)


async def _undo(stage: Stage, note: Note) -> None:
    if note:
        await stage.platform.faults.empty_disk()


DRILL = Drill(
    name="fill-disk",
    title="A disk of 16 MiB is full of rotated logs",
    limits=Limits(heal_seconds=90, detect_seconds=30, unanswered=Unanswered.NONE),
    reason="three looks find it, then rotated logs go; data is never deleted",
    seen=Seen("disk", ("disk-full",)),
    heals=Heals.HEALER,
    inject=_inject,
    undo=_undo,
    needs=_needs,
    after=bystanders.disturbed,
)
