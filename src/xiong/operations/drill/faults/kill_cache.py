"""The cache's process dies: sessions and limits come back from its log, nobody waits for it."""

from __future__ import annotations

import signal

from xiong.operations.drill import bystanders
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Seen, Stage, Unanswered

_CACHE = "valkey"


async def _needs(stage: Stage) -> str | None:
    return await bystanders.lacking(stage, _CACHE)


async def _inject(stage: Stage) -> Injected:
    name = await bystanders.name_of(stage.platform, _CACHE)
    before = await bystanders.seen(stage.platform)
    await stage.note({"instance": name})
    began = stage.clock.monotonic()
    await stage.platform.kill(name, signal.SIGKILL)
    return Injected(f"SIGKILL to {name}", began, ill=(name,), before=before)


async def _undo(stage: Stage, note: Note) -> None:
    if note:
        await stage.platform.start(note["instance"])


DRILL = Drill(
    name="kill-cache",
    title="The cache's process is killed",
    limits=Limits(heal_seconds=20, detect_seconds=15, page_seconds=30, unanswered=Unanswered.NONE),
    reason="started again at once with what its log holds; the service never needs it to answer",
    seen=Seen("cache", ("down", "hung", "unreachable"), restarts_of=_CACHE),
    heals=Heals.SUPERVISOR,
    inject=_inject,
    undo=_undo,
    needs=_needs,
    after=bystanders.disturbed,
)
