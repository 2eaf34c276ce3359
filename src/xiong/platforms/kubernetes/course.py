"""A roll as it is seen from outside: what changed between two looks at the pods, and whether it is over.

The cluster itself starts and stops the pods; `rollout` looks again and again and asks this module what to
tell. Nothing here asks anybody: objects and times come in, steps go out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from xiong.model.instance import InstanceState, ReplicaStep
from xiong.platforms.kubernetes import looking, reasons
from xiong.platforms.kubernetes.cluster import Object

_BEYOND_GRACE_SECONDS = 15.0
"""How long a pod may be there after its grace; then its node is lost, and nobody ends it."""


@dataclass(frozen=True)
class Change:
    """One step of one pod.

    Attributes:
        step: what was seen.
        pod: as it was last seen.
        seconds: since its step before.
    """

    step: ReplicaStep
    pod: Object
    seconds: float


@dataclass
class _Seen:
    """What is known of a pod: its last look, its last step and when that was, since when it lacks."""

    pod: Object
    step: ReplicaStep
    since: float
    unready: float
    begun: bool
    given_up: bool = False


class Course:
    """The pods of one Deployment from before a change until it is done."""

    def __init__(self, setup: str, min_ready: float, before: Iterable[Object], now: float) -> None:
        """What stands before the change is not told.

        Args:
            setup: the template that is wanted.
            min_ready: seconds that a pod must be ready before the cluster counts on it.
            before: the pods that are there.
            now: seconds that only grow.
        """
        self._setup = setup
        self._min_ready = min_ready
        self._seen: dict[str, _Seen] = {}
        for pod in before:
            step = (
                ReplicaStep.ADMITTED if looking.is_ready(pod) or not self.fits(pod) else ReplicaStep.STARTED
            )
            step = ReplicaStep.DRAINED if looking.is_leaving(pod) else step
            self._seen[pod["metadata"]["uid"]] = _Seen(pod, step, now, now, _begun(pod))
        self.before: Collection[str] = frozenset(self._seen)

    def fits(self, pod: Object) -> bool:
        """Whether it was made from the template that is wanted."""
        return looking.setup_of_pod(pod) == self._setup

    def look(self, pods: Iterable[Object], now: float, wall: datetime) -> list[Change]:
        """What happened since the look before: what came first, so that it is told before what went."""
        present = {pod["metadata"]["uid"]: pod for pod in pods}
        changes: list[Change] = []
        for uid, pod in present.items():
            if uid not in self._seen:
                self._seen[uid] = _Seen(pod, ReplicaStep.STARTED, now, now, _begun(pod))
                changes.append(Change(ReplicaStep.STARTED, pod, 0.0))
            self._seen[uid].pod = pod
        ending = {
            uid: seen
            for uid, seen in self._seen.items()
            if uid not in present or looking.is_leaving(seen.pod)
        }
        anew = any(seen.step is not ReplicaStep.DRAINED for seen in ending.values())
        for uid, seen in self._seen.items():
            if uid not in ending:
                changes += self._arrive(seen, now, at_once=anew)
        for uid, seen in ending.items():
            changes += self._leave(seen, now, wall, gone=uid not in present)
        self._seen = {uid: seen for uid, seen in self._seen.items() if uid in present}
        return changes

    def ended(self, deployment: Object, replicas: int) -> bool:
        """Whether as many are ready as wanted, from this template, and no other is left."""
        status = deployment.get("status", {})
        if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
            return False
        count = status.get("replicas", 0)
        if status.get("updatedReplicas", 0) != count or count > deployment["spec"]["replicas"]:
            return False
        staying = [seen for seen in self._seen.values() if not looking.is_leaving(seen.pod)]
        serving = [
            seen for seen in staying if seen.step is ReplicaStep.ADMITTED and looking.is_ready(seen.pod)
        ]
        return (
            all(self.fits(seen.pod) for seen in staying)
            and len(serving) >= replicas
            and all(seen.given_up for seen in self._seen.values() if looking.is_leaving(seen.pod))
        )

    def admitted_anew(self) -> bool:
        """Whether one serves that was not there before."""
        return any(
            seen.step is ReplicaStep.ADMITTED and uid not in self.before for uid, seen in self._seen.items()
        )

    def rid_of(self, uid: str) -> bool:
        """Whether that pod is gone, or nobody is left to end it."""
        return uid not in self._seen or self._seen[uid].given_up

    def hopeless(self, spared: Collection[str] = ()) -> Object | None:
        """One that is to serve, and does not get on."""
        return next(
            (pod for pod in self._awaited(spared) if looking.state_of(pod) is InstanceState.FAILED), None
        )

    def late(self, now: float, seconds: float, spared: Collection[str] = ()) -> Object | None:
        """One that is to serve, and was not ready for so long; its image was there before that."""
        return next(
            (
                pod
                for pod in self._awaited(spared)
                if now - self._seen[pod["metadata"]["uid"]].unready > seconds
            ),
            None,
        )

    def _awaited(self, spared: Collection[str]) -> list[Object]:
        return [
            seen.pod
            for uid, seen in self._seen.items()
            if uid not in spared
            and self.fits(seen.pod)
            and not looking.is_leaving(seen.pod)
            and not looking.is_ready(seen.pod)
        ]

    def _arrive(self, seen: _Seen, now: float, *, at_once: bool) -> list[Change]:
        """Started, ready, admitted; `at_once` when the cluster goes on already, so it counts on it."""
        if not looking.is_ready(seen.pod):
            if seen.step is ReplicaStep.READY:
                seen.step, seen.since = ReplicaStep.STARTED, now
            if not seen.begun and _begun(seen.pod):
                seen.begun, seen.unready = True, now  # the way of the image is not its fault
            return []
        seen.unready = now
        changes = []
        if seen.step is ReplicaStep.STARTED:
            changes.append(_step(seen, ReplicaStep.READY, now))
        if seen.step is ReplicaStep.READY and (at_once or now - seen.since >= self._min_ready):
            changes.append(_step(seen, ReplicaStep.ADMITTED, now))
        return changes

    def _leave(self, seen: _Seen, now: float, wall: datetime, *, gone: bool) -> list[Change]:
        changes = []
        if seen.step is not ReplicaStep.DRAINED:
            changes.append(_step(seen, ReplicaStep.DRAINED, now))
        if gone:
            changes.append(_step(seen, ReplicaStep.STOPPED, now))
        grace = float(seen.pod["metadata"].get("deletionGracePeriodSeconds") or 0)
        overdue = now - seen.since > grace + _BEYOND_GRACE_SECONDS
        seen.given_up = overdue or _is_lost(seen.pod, wall)
        return changes


def failed_to_create(deployment: Object) -> str:
    """Why the cluster makes no pods of it (a quota, a policy); empty when it does."""
    told = reasons.condition(deployment.get("status", {}), "ReplicaFailure")
    return str(told.get("message", "")) if told.get("status") == "True" else ""


def _step(seen: _Seen, step: ReplicaStep, now: float) -> Change:
    change = Change(step, seen.pod, now - seen.since)
    seen.step, seen.since = step, now
    return change


def _begun(pod: Object) -> bool:
    """Whether its container ever ran."""
    told = pod.get("status", {}).get("containerStatuses", ())
    return any("waiting" not in one.get("state", {}) or one.get("restartCount") for one in told)


def _is_lost(pod: Object, wall: datetime) -> bool:
    """Whether its node took it along: nobody is there to end it, and it serves nobody."""
    if not looking.is_leaving(pod):
        return False
    removed = reasons.condition(pod.get("status", {}), "DisruptionTarget")
    if removed.get("reason") == "DeletionByTaintManager" and not looking.is_ready(pod):
        return True
    end = datetime.fromisoformat(pod["metadata"]["deletionTimestamp"])  # which is after its grace
    return wall > end + timedelta(seconds=_BEYOND_GRACE_SECONDS)
