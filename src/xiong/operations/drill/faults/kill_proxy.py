"""The one door that people come through dies."""

from __future__ import annotations

import signal

from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Seen, Stage, Unanswered
from xiong.operations.drill.faults import striking


async def _kill(stage: Stage) -> Injected:
    return await striking.strike(stage, await striking.ready(stage, "proxy"), signal.SIGKILL)


async def _a_proxy(stage: Stage) -> str | None:
    return None if await striking.ready(stage, "proxy") else "no proxy of ours runs here"


DRILL = Drill(
    name="kill-proxy",
    title="The proxy is killed (SIGKILL)",
    limits=Limits(heal_seconds=15, detect_seconds=15, page_seconds=30, unanswered=Unanswered.WHILE_ILL),
    reason="it is started again at once; until then nobody gets in, and what is sent again gets through",
    seen=Seen("proxy", ("down", "unreachable"), restarts_of="proxy"),
    heals=Heals.SUPERVISOR,
    inject=_kill,
    undo=striking.nothing_to_undo,
    needs=_a_proxy,
)
