"""A release that gets ready and answers too slowly is deployed: the gate finds it before people do."""

from __future__ import annotations

from xiong.config.settings import DeploySettings
from xiong.operations import gate
from xiong.operations.drill import refused
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Stage, Unanswered

_BODY = """\
            if scope["path"] == "/api/v1/chat":
                await asyncio.sleep({seconds:g})
"""
_TIMES = 1.5


async def _inject(stage: Stage) -> Injected:
    body = _BODY.format(seconds=delay_seconds(stage.settings.deploy))
    return await refused.try_to_deploy(stage, refused.WRAPPED.format(body=body))


def delay_seconds(limits: DeploySettings) -> float:
    """So slow that the gate's own messages do not end in its time, whatever the old release needs today."""
    return _TIMES * limits.gate_seconds * gate.CONCURRENT / limits.gate_requests


DRILL = Drill(
    name="slow-release",
    title="A release that answers messages too slowly is deployed",
    limits=Limits(heal_seconds=120, unanswered=Unanswered.NONE),
    reason="the gate may take deploy.gate_seconds (30) for its own messages, before anybody else's",
    seen=None,
    heals=Heals.REFUSED,
    inject=_inject,
    undo=refused.clean_up,
    needs=refused.needs,
)
