"""One of several replicas hangs: it runs, and answers nothing. Only the healer can see that."""

from __future__ import annotations

import signal

from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Seen, Stage, Unanswered
from xiong.operations.drill.faults import striking


async def _hang(stage: Stage) -> Injected:
    return await striking.strike(stage, (await striking.ready(stage, "api"))[:1], signal.SIGSTOP)


DRILL = Drill(
    name="hang-replica",
    title="One replica hangs (SIGSTOP)",
    limits=Limits(
        heal_seconds=90,
        detect_seconds=15,
        page_seconds=30,
        unanswered=Unanswered.IN_FLIGHT,
        unanswered_seconds=3,
    ),
    reason="the proxy finds it within 1.2 s; the healer waits for 3 failed looks, then restarts it",
    seen=Seen("api", ("hung", "not-ready")),
    heals=Heals.HEALER,
    inject=_hang,
    undo=striking.go_on,
    needs=striking.two_replicas,
)
