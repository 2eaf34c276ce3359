"""The gate before traffic: one pod of a new template beside the service, to which nothing leads but the tool.

Neither the Service nor the Deployment selects it, so a release that is no good never gets a request, and the
Deployment is not touched before the caller is content. Used by `rollout.Roller.apply`.
"""

from __future__ import annotations

import contextlib
import math
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

from xiong.errors import PlatformError, RolloutError
from xiong.model.instance import ReplicaEvent, ReplicaStep
from xiong.platforms.kubernetes import looking, objects
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.course import Course
from xiong.platforms.kubernetes.following import Follower
from xiong.tools.clock import Clock

_GRACE_SECONDS = 10
_LONGEST_SECONDS = 540.0  # the pod ends itself after 600


async def tried(
    cluster: Cluster, deployment: Object, ready_seconds: float, clock: Clock
) -> AsyncGenerator[ReplicaEvent, None]:
    """Starts one, tells that it is started and ready, and deletes it when asked on or closed.

    Raises:
        RolloutError: it does not get ready; its reason and last lines are in the message.
    """
    wanted = objects.trial_pod(deployment, secrets.token_hex(3))
    name = wanted["metadata"]["name"]
    release = wanted["metadata"]["labels"].get(looking.RELEASE_LABEL, "")
    try:
        await cluster.create(wanted)
    except PlatformError as error:
        raise RolloutError(f"release {release} is not tried: {error.message}", hint=error.hint) from error

    async def look() -> tuple[None, list[Object]]:
        pod = await cluster.get("Pod", name)
        return None, [pod] if pod else []

    course = Course(looking.setup_of_pod(wanted), math.inf, (), clock.monotonic())
    follower = Follower(cluster, name, release, ready_seconds, course, look, clock)
    try:
        async with aclosing(follower.until(lambda _: False, _LONGEST_SECONDS)) as events:
            async for event in events:
                if event.step in {ReplicaStep.DRAINED, ReplicaStep.STOPPED}:
                    raise RolloutError(f"{name} was taken away before it was judged", hint="xiong deploy")
                yield event
                if event.step is ReplicaStep.READY:
                    return
    finally:
        with contextlib.suppress(PlatformError):  # the next roll clears it away
            await cluster.delete("Pod", name, grace_seconds=_GRACE_SECONDS)


async def clear(cluster: Cluster) -> None:
    """Deletes what a roll that was killed left."""
    for pod in await cluster.list("Pod", {looking.COMPONENT_LABEL: "api"}):
        if looking.NAME_LABEL not in pod["metadata"]["labels"] and "-trial-" in pod["metadata"]["name"]:
            await cluster.delete("Pod", pod["metadata"]["name"], grace_seconds=_GRACE_SECONDS)
