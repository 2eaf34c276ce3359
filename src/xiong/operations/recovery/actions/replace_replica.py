"""replace-replica: a new replica takes an ill one's place; without a target, those that lack are started."""

from __future__ import annotations

from contextlib import aclosing

from xiong.model.instance import InstanceState, ReplicaEvent, ReplicaStep
from xiong.operations import preflight
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient

NAME = "replace-replica"


async def plan(patient: Patient) -> str:
    committed, release = await preflight.running_release(patient.platform)
    if not patient.target:
        present = await patient.platform.instances("api")
        ready = sum(one.state is InstanceState.READY for one in present)
        return f"bring {ready} replicas that are ready to the {committed.replicas} of release {release.id}"
    old = await looks.instance(patient)
    return (
        f"start one more replica of release {release.id}, let the proxy send to it once it is ready, "
        f"then stop {old.name} ({old.state}, release {old.release_id})"
    )


async def act(patient: Patient) -> str:
    async with looks.alone(patient, NAME):
        committed, release = await preflight.running_release(patient.platform)
        if patient.target:
            old = await looks.instance(patient)
            answered = await looks.answers(patient, old)
            grace = None if answered else looks.HUNG_GRACE_SECONDS
            rolled = patient.platform.replace(old.name, release, grace_seconds=grace)
        else:
            rolled = patient.platform.apply(release, committed.replicas)
        begun = patient.clock.monotonic()
        async with aclosing(rolled) as events:
            done = [event async for event in events]
        seconds = patient.clock.monotonic() - begun
    new, gone = _names(done, ReplicaStep.ADMITTED), _names(done, ReplicaStep.STOPPED)
    return f"started {new} of release {release.id}, stopped {gone}, in {seconds:.1f} s"


def _names(events: list[ReplicaEvent], step: ReplicaStep) -> str:
    return ", ".join(event.instance.name for event in events if event.step is step) or "nothing"


ACTION = Action(
    NAME,
    "one replica; the new one serves before the old one goes: never fewer serve, and one more runs meanwhile",
    looks.in_words(plan),
    act,
    per_instance=True,
)
