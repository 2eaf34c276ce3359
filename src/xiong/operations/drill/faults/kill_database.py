"""The database's process dies: messages are answered and spooled, and follow once it is started again."""

from __future__ import annotations

import signal

from xiong.operations.drill import bystanders
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Seen, Stage, Unanswered

_DATABASE = "postgres"


async def _needs(stage: Stage) -> str | None:
    return await bystanders.lacking(stage, _DATABASE)


async def _inject(stage: Stage) -> Injected:
    name = await bystanders.name_of(stage.platform, _DATABASE)
    before = await bystanders.seen(stage.platform)
    await stage.note({"instance": name})
    began = stage.clock.monotonic()
    await stage.platform.kill(name, signal.SIGKILL)
    return Injected(f"SIGKILL to {name}", began, ill=(name,), before=before)


async def _undo(stage: Stage, note: Note) -> None:
    if note:
        await stage.platform.start(note["instance"])


DRILL = Drill(
    name="kill-database",
    title="The database's process is killed",
    limits=Limits(heal_seconds=30, detect_seconds=15, page_seconds=30, unanswered=Unanswered.NONE),
    reason="started again at once, then its own crash recovery; meanwhile replies come without it",
    seen=Seen("database", ("down", "hung", "unreachable"), restarts_of=_DATABASE),
    heals=Heals.SUPERVISOR,
    inject=_inject,
    undo=_undo,
    needs=_needs,
    after=bystanders.disturbed,
)
