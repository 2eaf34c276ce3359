"""The end of a copy: its pods go gracefully and its data stays, or everything goes. Called by the adapter."""

from __future__ import annotations

from xiong.errors import PlatformError
from xiong.platforms.base import Progress
from xiong.platforms.kubernetes import looking
from xiong.platforms.kubernetes.cluster import Cluster
from xiong.tools.clock import SystemClock, wait_for

_SECONDS = 180.0
_OURS = {looking.NAME_LABEL: looking.NAME}


async def stop(cluster: Cluster, progress: Progress) -> None:
    """Ends the service first, then the stores, which keep their volumes."""
    progress("stopping every pod")
    for deployment in await cluster.list("Deployment", _OURS):
        await cluster.delete("Deployment", deployment["metadata"]["name"])
    await _gone(cluster, {"api", "pager", "watch"})
    for job in await cluster.list("Job", _OURS):
        await cluster.delete("Job", job["metadata"]["name"])
    for each in await cluster.list("StatefulSet", _OURS):
        await cluster.patch(
            "StatefulSet", each["metadata"]["name"], {"spec": {"replicas": 0}}, subresource="scale"
        )
    await _gone(cluster, None)


async def purge(cluster: Cluster, progress: Progress) -> None:
    """Deletes the namespace with all data in it.

    Raises:
        PlatformError: something runs in it that is not of this copy.
    """
    if await cluster.get("Namespace", cluster.namespace) is None:
        return
    foreign = [p["metadata"]["name"] for p in await cluster.list("Pod") if not _is_ours(p)]
    if foreign:
        raise PlatformError(
            f"the namespace {cluster.namespace} is not deleted: {', '.join(sorted(foreign))} in it is not of "
            "this copy",
            hint=f"kubectl -n {cluster.namespace} get pods",
        )
    progress(f"deleting the namespace {cluster.namespace} with all that is in it")
    await cluster.delete("Namespace", cluster.namespace)

    async def gone() -> bool:
        return await cluster.get("Namespace", cluster.namespace) is None

    await wait_for(
        gone, what=f"the end of {cluster.namespace}", seconds=_SECONDS, clock=SystemClock(), every=0.5
    )


def _is_ours(pod: dict[str, object]) -> bool:
    metadata = pod["metadata"]
    labels = metadata.get("labels", {}) if isinstance(metadata, dict) else {}
    return looking.COMPONENT_LABEL in labels


async def _gone(cluster: Cluster, components: set[str] | None) -> None:
    async def gone() -> bool:
        pods = await cluster.list("Pod", {looking.NAME_LABEL: looking.NAME})
        return not [p for p in pods if components is None or looking.service_of(p) in components]

    await wait_for(gone, what="the end of every pod", seconds=_SECONDS, clock=SystemClock(), every=0.3)
