"""Looks at a roll until it is over, tells each step, and ends it with a reason when it does not get on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass

from xiong.errors import DeadlineError, PlatformError, RolloutError
from xiong.model.instance import ReplicaEvent
from xiong.platforms.kubernetes import course as courses
from xiong.platforms.kubernetes import looking, reasons
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.course import Change, Course
from xiong.tools.clock import Clock, wait_for

_EVERY_SECONDS = 0.3
_PULL_SECONDS = 300.0
"""How long an image may be on the way to a node."""
_BLIND_SECONDS = 20.0
"""How long the API server may not answer: the pods serve and roll without it."""

Look = Callable[[], Awaitable[tuple[Object | None, list[Object]]]]
"""The Deployment, where there is one, and its pods."""


@dataclass
class Follower:
    """One roll.

    Attributes:
        cluster: where.
        name: what is rolled, for people.
        release: which release it is to run.
        ready_seconds: how long a pod may take to get ready once its image is there.
        course: what was seen so far.
        look: asks for what there is now.
        clock: whose time counts.
        spared: uids of pods that may be as ill as they are.
    """

    cluster: Cluster
    name: str
    release: str
    ready_seconds: float
    course: Course
    look: Look
    clock: Clock
    spared: Collection[str] = ()

    def __post_init__(self) -> None:
        self._answered = self._moved = self.clock.monotonic()

    async def until(
        self, over: Callable[[Object | None], bool], seconds: float
    ) -> AsyncGenerator[ReplicaEvent, None]:
        """Tells each step until it is over.

        Raises:
            RolloutError: a pod does not get ready, the cluster makes none, or `seconds` passed.
            PlatformError: the cluster does not answer.
        """
        end = self.clock.monotonic() + seconds
        ended = False

        async def moved() -> tuple[list[Change], bool] | None:
            return await self._next(over)

        while not ended:
            left = max(0.0, end - self.clock.monotonic())
            try:
                changes, ended = await wait_for(
                    moved, what=self.name, seconds=left, clock=self.clock, every=_EVERY_SECONDS
                )
            except DeadlineError as error:
                raise self._refusal(
                    f"the roll of {self.name} to release {self.release} did not end in {seconds:.0f} s"
                ) from error
            for change in changes:
                one = await looking.instance(self.cluster, change.pod, [])
                yield ReplicaEvent(change.step, one, round(change.seconds, 3))

    async def _next(self, over: Callable[[Object | None], bool]) -> tuple[list[Change], bool] | None:
        """What changed, and whether that was all; None when nothing did."""
        now = self.clock.monotonic()
        try:
            deployment, pods = await self.look()
        except PlatformError:
            if now - self._answered > _BLIND_SECONDS:
                raise
            return None
        self._answered = now
        changes = self.course.look(pods, now, self.clock.now())
        if changes:
            self._moved = now
        if over(deployment):
            return changes, True
        if not changes:
            await self._judge(deployment, now)
        return (changes, False) if changes else None

    async def _judge(self, deployment: Object | None, now: float) -> None:
        pod = self.course.hopeless(self.spared) or await self._late(now)
        if pod is not None:
            words = await reasons.explain(self.cluster, pod)
            name = looking.name_of(pod)
            raise self._refusal(f"{name} did not get ready with release {self.release}: {words}", pod)
        if deployment is None:
            return
        if deployment["spec"].get("paused"):
            raise paused(self.cluster, deployment)
        lacking = courses.failed_to_create(deployment)
        if lacking and now - self._moved > self.ready_seconds:
            raise self._refusal(f"the cluster makes no pod of {self.name}: {lacking}")

    async def _late(self, now: float) -> Object | None:
        pod = self.course.late(now, self.ready_seconds, self.spared)
        if pod is None or self.course.late(now, _PULL_SECONDS, self.spared) is pod:
            return pod
        events = reasons.by_pod(await self.cluster.list("Event"))
        return None if reasons.pulling(pod, events.get(pod["metadata"]["uid"], [])) else pod

    def _refusal(self, words: str, pod: Object | None = None) -> RolloutError:
        what = f"pod {pod['metadata']['name']}" if pod else "deployment"
        return RolloutError(words, hint=f"kubectl -n {self.cluster.namespace} describe {what}")


def paused(cluster: Cluster, deployment: Object) -> RolloutError:
    """Somebody holds it on purpose; who deploys does not overrule that."""
    name = deployment["metadata"]["name"]
    return RolloutError(
        f"Deployment {name} is paused: somebody holds it, so no pod of it is replaced",
        hint=f"kubectl -n {cluster.namespace} rollout resume deployment/{name}",
    )
