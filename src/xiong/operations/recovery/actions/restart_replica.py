"""restart-replica: one replica stops and starts again, the mildest cure of one that hangs or is not ready."""

from __future__ import annotations

from xiong.model.instance import InstanceState
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient

NAME = "restart-replica"


async def plan(patient: Patient) -> str:
    replica = await looks.instance(patient)
    others = await _others(patient)
    if replica.state in {InstanceState.FAILED, InstanceState.STOPPED}:
        how = "start it again"
    elif await looks.answers(patient, replica):
        how = f"drain it, ask it to end ({patient.settings.deploy.drain_seconds:g} s), and start it again"
    else:
        how = f"kill it after {looks.HUNG_GRACE_SECONDS:g} s, since it does not answer, and start it again"
    which = f"{replica.name} ({replica.state}, release {replica.release_id})"
    return f"restart {which}: {how}; {others} others serve"


async def act(patient: Patient) -> str:
    async with looks.alone(patient, NAME):
        replica = await looks.instance(patient)
        answered = await looks.answers(patient, replica)
        begun = patient.clock.monotonic()
        await patient.platform.restart(
            replica.name, grace_seconds=None if answered else looks.HUNG_GRACE_SECONDS
        )
        await looks.until_ready(patient, replica.name)
        seconds = patient.clock.monotonic() - begun
    how = "drained and restarted" if answered else "restarted without waiting for it, since it did not answer"
    return f"{replica.name} was {how}; it is ready again after {seconds:.1f} s"


async def _others(patient: Patient) -> int:
    replicas = await patient.platform.instances("api")
    return sum(r.state is InstanceState.READY and r.name != patient.target for r in replicas)


ACTION = Action(
    NAME,
    "one replica; the others carry its share while it starts, and what it was answering ends first if it can",
    looks.in_words(plan),
    act,
    per_instance=True,
)
