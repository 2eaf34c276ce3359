"""One of several replicas dies in an instant."""

from __future__ import annotations

import signal

from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Seen, Stage, Unanswered
from xiong.operations.drill.faults import striking


async def _kill(stage: Stage) -> Injected:
    return await striking.strike(stage, (await striking.ready(stage, "api"))[:1], signal.SIGKILL)


DRILL = Drill(
    name="kill-replica",
    title="One replica is killed (SIGKILL)",
    limits=Limits(
        heal_seconds=20,
        detect_seconds=15,
        page_seconds=30,
        unanswered=Unanswered.IN_FLIGHT,
        unanswered_seconds=0.5,
    ),
    reason="it is started again at once and needs seconds to begin; the proxy sees it gone within 0.5 s",
    seen=Seen("api", ("down", "not-ready", "hung", "too-few"), restarts_of="api"),
    heals=Heals.SUPERVISOR,
    inject=_kill,
    undo=striking.nothing_to_undo,
    needs=striking.two_replicas,
)
