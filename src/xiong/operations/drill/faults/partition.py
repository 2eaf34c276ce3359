"""The network between service and database swallows every packet: as a hang, but nothing is even refused."""

from __future__ import annotations

from xiong.operations.drill import bystanders
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Seen, Stage, Unanswered
from xiong.platforms.faults import Fault


async def _needs(stage: Stage) -> str | None:
    return await stage.platform.faults.lacks(Fault.CUT_OFF)


async def _inject(stage: Stage) -> Injected:
    before = await bystanders.seen(stage.platform)
    await stage.note({"cut_off": "database"})
    began = stage.clock.monotonic()
    await stage.platform.faults.cut_off_database()
    return Injected("every packet to the database's port is dropped", began, before=before)


async def _undo(stage: Stage, note: Note) -> None:
    if note:
        await stage.platform.faults.reconnect_database()


DRILL = Drill(
    name="partition",
    title="The network drops every packet to the database",
    limits=Limits(
        heal_seconds=60, detect_seconds=30, told_seconds=60, page_seconds=60, unanswered=Unanswered.NONE
    ),
    reason="as when the database hangs; what waited tries again ever more rarely, up to a minute later",
    seen=Seen("database", ("unreachable", "hung", "down")),
    heals=Heals.CLEANUP,
    inject=_inject,
    undo=_undo,
    needs=_needs,
    holds_seconds=60,
    after=bystanders.left_alone,
)
