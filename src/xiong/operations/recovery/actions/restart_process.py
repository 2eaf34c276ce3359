"""restart-process: the proxy, the pager or what watches, where its process is dead or answers nothing."""

from __future__ import annotations

from xiong.errors import PlatformError, PreflightError
from xiong.model.instance import Instance, InstanceState
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient

NAME = "restart-process"
_SERVICES = ("proxy", "pager", "prometheus", "alertmanager", "console")
_DEAD = (InstanceState.FAILED, InstanceState.STOPPED)


async def plan(patient: Patient) -> str:
    found = await _ill(patient)
    if found.state in _DEAD:
        return f"start {found.name} ({found.state}) again"
    return (
        f"kill {found.name}, which does not answer, after {looks.HUNG_GRACE_SECONDS:g} s, and start it again"
    )


async def act(patient: Patient) -> str:
    async with looks.alone(patient, NAME):
        found = await _ill(patient)
        begun = patient.clock.monotonic()
        if found.state in _DEAD:
            await patient.platform.start(found.name)
        else:
            await patient.platform.restart(found.name, grace_seconds=looks.HUNG_GRACE_SECONDS)
        seconds = patient.clock.monotonic() - begun
        after = await looks.instance(patient)
        if not await looks.answers(patient, after):
            raise PlatformError(f"{found.name} runs again and does not answer", hint="xiong status")
    was = "did not run" if found.state in _DEAD else "did not answer"
    return f"{found.name} {was}; it was started again and answers after {seconds:.1f} s"


async def _ill(patient: Patient) -> Instance:
    """Looked at anew: what answers again by now is left alone.

    Raises:
        PreflightError: it answers, or it is nothing that this action is for.
    """
    found = await looks.instance(patient)
    if found.service not in _SERVICES:
        raise PreflightError(f"{found.name} is not for this action: expected one of {', '.join(_SERVICES)}")
    if found.state not in _DEAD and await looks.answers(patient, found):
        raise PreflightError(f"{found.name} answers ({found.state}): it is left alone")
    return found


ACTION = Action(
    NAME,
    "one process beside the replicas; the proxy is the way in, so that nobody is answered until it is back",
    looks.in_words(plan),
    act,
    targeted=True,
)
