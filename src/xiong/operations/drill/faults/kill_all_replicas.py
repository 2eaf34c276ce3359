"""All replicas die in the same moment."""

from __future__ import annotations

import signal

from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Seen, Stage, Unanswered
from xiong.operations.drill.faults import striking


async def _kill(stage: Stage) -> Injected:
    return await striking.strike(stage, await striking.ready(stage, "api"), signal.SIGKILL)


DRILL = Drill(
    name="kill-all-replicas",
    title="All replicas are killed (SIGKILL)",
    limits=Limits(heal_seconds=20, detect_seconds=15, page_seconds=30, unanswered=Unanswered.WHILE_ILL),
    reason="for the seconds that a replica needs to begin nobody answers; what is sent again gets through",
    seen=Seen("api", ("down", "not-ready", "hung", "too-few"), restarts_of="api"),
    heals=Heals.SUPERVISOR,
    inject=_kill,
    undo=striking.nothing_to_undo,
)
