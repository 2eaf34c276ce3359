"""The database stands still and tells nobody: no restart helps, so the healer must call people and wait."""

from __future__ import annotations

from xiong.operations.drill import bystanders
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Seen, Stage, Unanswered
from xiong.platforms.faults import Fault

_DATABASE = "postgres"


async def _needs(stage: Stage) -> str | None:
    lacks = await stage.platform.faults.lacks(Fault.FREEZE)
    return lacks or await bystanders.lacking(stage, _DATABASE)


async def _inject(stage: Stage) -> Injected:
    name = await bystanders.name_of(stage.platform, _DATABASE)
    before = await bystanders.seen(stage.platform)
    await stage.note({"instance": name})
    began = stage.clock.monotonic()
    await stage.platform.faults.freeze(name)
    return Injected(f"SIGSTOP to {name} and all its sessions", began, before=before)


async def _undo(stage: Stage, note: Note) -> None:
    if note:
        await stage.platform.faults.thaw(note["instance"])


DRILL = Drill(
    name="hang-database",
    title="The database hangs: connections stay, nothing answers",
    limits=Limits(
        heal_seconds=60, detect_seconds=30, told_seconds=60, page_seconds=60, unanswered=Unanswered.NONE
    ),
    reason="no restart cures it: people are told within a minute, messages are answered and stored later",
    seen=Seen("database", ("hung", "down", "unreachable")),
    heals=Heals.CLEANUP,
    inject=_inject,
    undo=_undo,
    needs=_needs,
    holds_seconds=60,
    after=bystanders.left_alone,
)
