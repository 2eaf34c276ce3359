"""The process that calls people for help dies, while somebody is in danger."""

from __future__ import annotations

import signal

from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Seen, Stage, Unanswered
from xiong.operations.drill.faults import striking


async def _kill(stage: Stage) -> Injected:
    return await striking.strike(stage, await striking.ready(stage, "pager"), signal.SIGKILL)


DRILL = Drill(
    name="kill-pager",
    title="The pager is killed (SIGKILL)",
    limits=Limits(heal_seconds=20, detect_seconds=15, page_seconds=30, unanswered=Unanswered.NONE),
    reason="a page is in the database before the message is answered: the next pager finds it there",
    seen=Seen("pager", ("down", "hung", "not-ready"), restarts_of="pager"),
    heals=Heals.SUPERVISOR,
    inject=_kill,
    undo=striking.nothing_to_undo,
)
