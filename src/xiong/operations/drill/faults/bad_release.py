"""A release that never gets ready is deployed: it is undone, and nobody who talks to the old one notices."""

from __future__ import annotations

from xiong.operations.drill import refused
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Stage, Unanswered

_BODY = """\
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"broken by a drill"})
            return
"""


async def _inject(stage: Stage) -> Injected:
    return await refused.try_to_deploy(stage, refused.WRAPPED.format(body=_BODY))


DRILL = Drill(
    name="bad-release",
    title="A release that answers every request with 500 is deployed",
    limits=Limits(heal_seconds=180, unanswered=Unanswered.NONE),
    reason="a new replica may take deploy.ready_seconds (60) to get ready; no request reaches it before",
    seen=None,
    heals=Heals.REFUSED,
    inject=_inject,
    undo=refused.clean_up,
    needs=refused.needs,
)
