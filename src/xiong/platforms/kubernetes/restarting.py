"""Ends one pod so that the cluster makes it anew, and waits for that. Used by `rollout.Roller`.

The cluster starts the next one by itself; what is done here is to ask for the end of this one, and to say
when it did not come back.
"""

from __future__ import annotations

import math
import signal as signals
from collections.abc import Awaitable, Callable

from xiong.errors import DeadlineError, PlatformError
from xiong.model.instance import InstanceState
from xiong.platforms.kubernetes import looking, reasons
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.tools.clock import Clock, wait_for

_EVERY_SECONDS = 0.3
_MARGIN_SECONDS = 30.0
_HINT = "xiong status"


async def restart(
    cluster: Cluster, instance: str, grace_seconds: float | None, ready_seconds: float, clock: Clock
) -> None:
    """Deletes it, and returns once as many are ready as before, it among them or another in its place.

    Raises:
        PlatformError: no such pod, or none comes back in time.
    """
    old = await looking.pod_named(cluster, instance)
    others = [pod for pod in await _pods(cluster, old) if _serves(pod) and not _same(pod, old)]
    grace = None if grace_seconds is None else max(1, math.ceil(grace_seconds))
    await cluster.delete("Pod", old["metadata"]["name"], grace_seconds=grace)
    left = old["spec"].get("terminationGracePeriodSeconds", 30) if grace is None else grace

    async def again() -> bool:
        found = [pod for pod in await _pods(cluster, old) if not _same(pod, old)]
        own = [pod for pod in found if pod["metadata"]["name"] == old["metadata"]["name"]]
        if looking.owner_of(old) == "StatefulSet":
            return any(_serves(pod) for pod in own)
        return sum(_serves(pod) for pod in found) > len(others)

    await _await(cluster, instance, old, again, left + ready_seconds + _MARGIN_SECONDS, clock)


async def start(cluster: Cluster, instance: str, ready_seconds: float, clock: Clock) -> None:
    """Returns once it is ready; one that was given up is made anew.

    Raises:
        PlatformError: no such pod, or it does not get ready in time.
    """
    old = await _named(cluster, instance)
    if old is not None and _serves(old):
        return
    if old is not None and looking.state_of(old) is InstanceState.FAILED:
        await restart(cluster, instance, None, ready_seconds, clock)
        return

    async def ready() -> bool:
        pod = await _named(cluster, instance)
        return pod is not None and _serves(pod)

    await _await(cluster, instance, old, ready, ready_seconds + _MARGIN_SECONDS, clock)


async def kill(cluster: Cluster, instance: str, signal: int) -> None:
    """Ends a pod without grace; the cluster starts another.

    Raises:
        PlatformError: no such pod, or a signal that the API server does not carry.
    """
    if signal != signals.SIGKILL:
        name = signals.Signals(signal).name
        raise PlatformError(
            f"{instance}: {name} cannot be sent to a pod, for a cluster only ends pods: expected SIGKILL"
        )
    pod = await looking.pod_named(cluster, instance)
    # Without any grace the name is free before the kubelet ended the process: two servers of a data store
    # would be on one volume. So theirs get the shortest grace there is.
    grace = 1 if looking.owner_of(pod) == "StatefulSet" else 0
    await cluster.delete("Pod", pod["metadata"]["name"], grace_seconds=grace)


async def _named(cluster: Cluster, instance: str) -> Object | None:
    """Its pod; None while a StatefulSet makes it anew.

    Raises:
        PlatformError: there is none, and nobody makes one.
    """
    try:
        return await looking.pod_named(cluster, instance)
    except PlatformError:
        owner, _, number = instance.rpartition("-")
        made = await cluster.get("StatefulSet", owner) if number.isdigit() else None
        if made is None or int(number) >= made["spec"].get("replicas", 1):
            raise
        return None


async def _await(
    cluster: Cluster,
    instance: str,
    old: Object | None,
    condition: Callable[[], Awaitable[bool]],
    seconds: float,
    clock: Clock,
) -> None:
    try:
        await wait_for(
            condition,
            what=f"{instance}, ready again",
            seconds=seconds,
            clock=clock,
            every=_EVERY_SECONDS,
        )
    except DeadlineError as error:
        ill = [pod for pod in await _pods(cluster, old) if not _serves(pod)] if old else []
        told = [f"{looking.name_of(pod)}: {await reasons.explain(cluster, pod)}" for pod in ill]
        raise PlatformError("; ".join([error.message, *told]), hint=_HINT) from error


async def _pods(cluster: Cluster, like: Object) -> list[Object]:
    """Those of the same service."""
    found = await cluster.list("Pod", looking.labels(looking.service_of(like)))
    return [pod for pod in found if looking.is_copy(pod)]


def _serves(pod: Object) -> bool:
    return looking.is_ready(pod) and not looking.is_leaving(pod)


def _same(pod: Object, other: Object) -> bool:
    return bool(pod["metadata"]["uid"] == other["metadata"]["uid"])
