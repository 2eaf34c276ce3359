"""The healer itself dies; it must come back, and know what it knew."""

from __future__ import annotations

import signal
from dataclasses import replace

from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Stage, Unanswered
from xiong.operations.drill.faults import striking

_ACTED = "recoveries"


async def _kill(stage: Stage) -> Injected:
    before = {"memory": await _memory(stage), "acted": await stage.platform.records.names(_ACTED)}
    injected = await striking.strike(stage, await striking.ready(stage, "watch"), signal.SIGKILL)
    return replace(injected, before=before)


async def _memory(stage: Stage) -> bool:
    return await stage.platform.records.read("recovery", "memory") is not None


async def _remembers(stage: Stage, injected: Injected) -> tuple[str, ...]:
    forgotten = set(injected.before["acted"]) - set(await stage.platform.records.names(_ACTED))
    faults = [f"it forgot {len(forgotten)} of its actions"] if forgotten else []
    if injected.before["memory"] and not await _memory(stage):
        faults.append("it forgot what it was observing")
    return tuple(faults)


DRILL = Drill(
    name="kill-watch",
    title="The healer, xiong watch, is killed (SIGKILL)",
    limits=Limits(heal_seconds=20, page_seconds=30, unanswered=Unanswered.NONE),
    reason="it is started again at once, and reads its memory from the records; nobody else is affected",
    seen=None,
    heals=Heals.SUPERVISOR,
    inject=_kill,
    undo=striking.nothing_to_undo,
    needs=striking.a_watch,
    after=_remembers,
)
