"""Rolls a release over the pods of a copy: asks the cluster to, watches it do so, and says what happened.

The Deployment's own controller starts and ends pods (one more at a time, never fewer than wanted), so a roll
goes on when this process dies; an `apply` again finds it where it is. Called by the adapter.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from xiong.config.settings import Settings
from xiong.errors import DeadlineError, PlatformError
from xiong.model.instance import InstanceState, ReplicaEvent
from xiong.platforms.kubernetes import looking, objects, restarting, trial
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.course import Course
from xiong.platforms.kubernetes.following import Follower, paused
from xiong.tools.clock import Clock, SystemClock, wait_for

API, AUTOSCALER = "xiongichat-api", "xiongichat-api-hpa"
_COST = "controller.kubernetes.io/pod-deletion-cost"
_MORE_SECONDS = 300.0
_CHOOSING_SECONDS = 10.0


class Roller:
    """What is done to the replicas of one copy; the caller holds the lease."""

    def __init__(self, cluster: Cluster, settings: Settings, clock: Clock | None = None) -> None:
        self._cluster = cluster
        self._clock = clock or SystemClock()
        self._seconds = settings.deploy.ready_seconds

    async def apply(
        self, pager: Object, api: Object, autoscaler: Object | None, replicas: int
    ) -> AsyncGenerator[ReplicaEvent, None]:
        """Makes `replicas` pods run this template and none another; see `Platform.apply` for the promise.

        Args:
            pager: its Deployment, which is rolled without a word before the service is.
            api: the service's, which names no count.
            autoscaler: the service's HorizontalPodAutoscaler as shipped, if it has one.
            replicas: how many; with an autoscaler, how many at least.

        Raises:
            RolloutError: a new pod does not get ready, or somebody paused the Deployment.
        """
        await trial.clear(self._cluster)
        if await self._needs_trial(api):
            async with aclosing(trial.tried(self._cluster, api, self._seconds, self._clock)) as events:
                async for event in events:
                    yield event
        await self._roll_pager(pager)
        course = await self._course(api)
        await self._cluster.apply(api)
        await self._count(autoscaler, replicas)
        follower = self._follower(api, course)
        seconds = self._longest(api, max(replicas, len(course.before)))

        def over(deployment: Object | None) -> bool:
            return deployment is not None and course.ended(deployment, replicas)

        async with aclosing(follower.until(over, seconds)) as events:
            async for event in events:
                yield event

    async def replace(
        self, instance: str, api: Object, grace_seconds: float | None
    ) -> AsyncGenerator[ReplicaEvent, None]:
        """Puts a new pod in the place of one that is ill; see `Platform.replace` for the promise.

        Raises:
            PlatformError: no such pod.
            RolloutError: the new one does not get ready; the old one was not touched.
        """
        old = await looking.pod_named(self._cluster, instance)
        live = await self._cluster.get("Deployment", API)
        if looking.service_of(old) != "api" or live is None:
            raise PlatformError(f"{instance} is no replica of the service", hint="xiong status")
        course = await self._course(live)
        follower = self._follower(live, course)
        follower.spared = course.before
        uid, longest = old["metadata"]["uid"], self._longest(api, 1)
        if looking.state_of(old) in {InstanceState.FAILED, InstanceState.STOPPED}:
            await self._end(old, grace_seconds)
            # The cluster starts another by itself.
            async for event in self._told(follower, lambda: course.rid_of(uid), longest):
                yield event
            async for event in self._told(follower, course.admitted_anew, longest):
                yield event
            return
        async with self._one_more(old, live):
            async for event in self._told(follower, course.admitted_anew, longest):
                yield event
        if grace_seconds is not None or not await self._leaves(old):
            await self._end(old, grace_seconds)
        async for event in self._told(follower, lambda: course.rid_of(uid), longest):
            yield event

    async def restart(self, instance: str, grace_seconds: float | None) -> None:
        """Deletes a pod, and returns once as many are ready as before."""
        await restarting.restart(self._cluster, instance, grace_seconds, self._seconds, self._clock)

    async def start(self, instance: str) -> None:
        """Returns once it is ready; one that was given up is made anew."""
        await restarting.start(self._cluster, instance, self._seconds, self._clock)

    async def kill(self, instance: str, signal: int) -> None:
        """Ends a pod at once."""
        await restarting.kill(self._cluster, instance, signal)

    async def _needs_trial(self, api: Object) -> bool:
        """Whether the template is new here and others serve: then it is tried before they go."""
        live = await self._cluster.get("Deployment", API)
        if live is None or objects.setup_of(live) == objects.setup_of(api):
            return False
        if live["spec"].get("paused"):
            raise paused(self._cluster, live)
        serving = [
            pod for pod in await self._pods("api") if looking.is_ready(pod) and not looking.is_leaving(pod)
        ]
        wanted = objects.setup_of(api)
        return bool(serving) and all(looking.setup_of_pod(pod) != wanted for pod in serving)

    async def _roll_pager(self, pager: Object) -> None:
        course = await self._course(pager)
        await self._cluster.apply(pager)
        follower, count = self._follower(pager, course), pager["spec"].get("replicas", 1)

        def over(deployment: Object | None) -> bool:
            return deployment is not None and course.ended(deployment, count)

        async with aclosing(follower.until(over, self._longest(pager, count))) as events:
            async for _ in events:
                pass

    async def _count(self, autoscaler: Object | None, replicas: int) -> None:
        """So many; those that the autoscaler added for the load stay, unless another count is asked for."""
        keep = False
        present = await self._replicas()
        if autoscaler is not None:
            before = await self._cluster.get("HorizontalPodAutoscaler", AUTOSCALER)
            wanted = copy.deepcopy(autoscaler)
            most = max(wanted["spec"]["maxReplicas"], replicas)
            wanted["spec"] |= {"minReplicas": replicas, "maxReplicas": most}
            await self._cluster.apply(wanted)
            same = before is not None and before["spec"].get("minReplicas", 1) == replicas
            keep = same and replicas <= present <= most
        if not keep and present != replicas:
            await self._scale(replicas)

    @asynccontextmanager
    async def _one_more(self, old: Object, live: Object) -> AsyncIterator[None]:
        """One pod more meanwhile; at the end one fewer, first of all the old one.

        When the body fails, the new one goes and not the old one: what is not ready goes first.
        """
        name, count = old["metadata"]["name"], int(live["spec"]["replicas"])
        scaler = await self._cluster.get("HorizontalPodAutoscaler", AUTOSCALER)
        await self._mark(name, "-1000")
        try:
            if scaler is not None:
                most = max(scaler["spec"]["maxReplicas"], count + 1)
                await self._bound(count + 1, most)
            await self._scale(count + 1)
            yield
        except BaseException:
            with contextlib.suppress(PlatformError):
                await self._mark(name, None)
            raise
        finally:
            if scaler is not None:
                await self._bound(scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"])
            await self._scale(max(count, await self._replicas() - 1))

    async def _leaves(self, old: Object) -> bool:
        """Whether the cluster chose that one; one that is not ready goes before it."""

        async def chosen() -> bool:
            pod = await self._cluster.get("Pod", old["metadata"]["name"])
            return pod is None or looking.is_leaving(pod)

        try:
            return await wait_for(
                chosen,
                what=f"the end of {old['metadata']['name']}",
                seconds=_CHOOSING_SECONDS,
                clock=self._clock,
                every=0.3,
            )
        except DeadlineError:
            return False

    async def _end(self, pod: Object, grace_seconds: float | None) -> None:
        grace = None if grace_seconds is None else max(1, math.ceil(grace_seconds))
        await self._cluster.delete("Pod", pod["metadata"]["name"], grace_seconds=grace)

    async def _told(
        self, follower: Follower, over: Callable[[], bool], seconds: float
    ) -> AsyncGenerator[ReplicaEvent, None]:
        async with aclosing(follower.until(lambda _: over(), seconds)) as events:
            async for event in events:
                yield event

    async def _course(self, deployment: Object) -> Course:
        """What stands before the change."""
        setup, min_ready = objects.setup_of(deployment), deployment["spec"].get("minReadySeconds", 0)
        before = await self._pods(_service(deployment))
        return Course(setup, min_ready, before, self._clock.monotonic())

    def _follower(self, deployment: Object, course: Course) -> Follower:
        name, service = deployment["metadata"]["name"], _service(deployment)

        async def look() -> tuple[Object | None, list[Object]]:
            # The pods last: what the Deployment says is then never newer than they are.
            found = await self._cluster.get("Deployment", name)
            return found, await self._pods(service)

        release = deployment["spec"]["template"]["metadata"]["labels"].get(looking.RELEASE_LABEL, "")
        return Follower(self._cluster, name, release, self._seconds, course, look, self._clock)

    async def _pods(self, service: str) -> list[Object]:
        found = await self._cluster.list("Pod", looking.labels(service))
        return [pod for pod in found if looking.is_copy(pod)]

    def _longest(self, deployment: Object, count: int) -> float:
        """When even the slowest roll is over."""
        spec = deployment["spec"]
        grace = float(spec["template"]["spec"].get("terminationGracePeriodSeconds", 30))
        each = self._seconds + grace + float(spec.get("minReadySeconds", 0))
        return _MORE_SECONDS + count * each

    async def _replicas(self) -> int:
        live = await self._cluster.get("Deployment", API)
        return int(live["spec"]["replicas"]) if live else 0

    async def _scale(self, count: int) -> None:
        await self._cluster.patch("Deployment", API, {"spec": {"replicas": count}}, subresource="scale")

    async def _bound(self, least: int, most: int) -> None:
        bounds = {"spec": {"minReplicas": least, "maxReplicas": most}}
        await self._cluster.patch("HorizontalPodAutoscaler", AUTOSCALER, bounds)

    async def _mark(self, pod: str, cost: str | None) -> None:
        await self._cluster.patch("Pod", pod, {"metadata": {"annotations": {_COST: cost}}})


def _service(deployment: Object) -> str:
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    return str(labels[looking.COMPONENT_LABEL])
