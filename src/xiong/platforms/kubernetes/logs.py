"""What the pods of a copy print, by the API server; with `follow`, also of pods that come meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from xiong.errors import PlatformError
from xiong.platforms.kubernetes import looking, reasons
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.tools.clock import SystemClock

_SECONDS_BETWEEN_LOOKS = 2.0
_MOST_KEPT = 1000

_Printed = asyncio.Queue[tuple[str, bytes] | PlatformError]


async def lines(cluster: Cluster, wanted: str | None, *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
    """(instance, line) of a service, of one instance, or of all.

    Raises:
        PlatformError: the cluster cannot be asked.
    """
    if not follow:
        for pod in await _pods(cluster, wanted):
            async for line in cluster.log(pod["metadata"]["name"], container=_container(pod)):
                yield looking.name_of(pod), line
        return
    printed: _Printed = asyncio.Queue(maxsize=_MOST_KEPT)
    watching = asyncio.create_task(_watch(cluster, wanted, printed))
    try:
        while True:
            found = await printed.get()
            if isinstance(found, PlatformError):
                raise found
            yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(cluster: Cluster, wanted: str | None, printed: _Printed) -> None:
    """Listens to every container that runs, each of its runs once."""
    listening: dict[tuple[str, int], asyncio.Task[None]] = {}
    try:
        while True:
            for pod in await _pods(cluster, wanted):
                run = _run(pod)
                if run is not None and run not in listening:
                    listening[run] = asyncio.create_task(_listen(cluster, pod, printed))
            await SystemClock().sleep(_SECONDS_BETWEEN_LOOKS)
    except PlatformError as error:
        await printed.put(error)
    finally:
        for task in listening.values():
            task.cancel()
        await asyncio.gather(*listening.values(), return_exceptions=True)


async def _listen(cluster: Cluster, pod: Object, printed: _Printed) -> None:
    try:
        async for line in cluster.log(pod["metadata"]["name"], container=_container(pod), follow=True):
            await printed.put((looking.name_of(pod), line))
    except PlatformError as error:
        note = f"(the log broke off: {error.message})"
        await printed.put((looking.name_of(pod), note.encode()))


async def _pods(cluster: Cluster, wanted: str | None) -> list[Object]:
    found = [pod for pod in await cluster.list("Pod", looking.labels(None)) if looking.is_copy(pod)]
    chosen = [pod for pod in found if wanted in {None, looking.name_of(pod), looking.service_of(pod)}]
    return sorted(chosen, key=looking.name_of)


def _container(pod: Object) -> str:
    """The one that serves; others only prepare or stand beside it."""
    return str(pod["spec"]["containers"][0]["name"])


def _run(pod: Object) -> tuple[str, int] | None:
    """Which run of its container this is; None before the first."""
    told = next((one for one in reasons.containers(pod) if one["name"] == _container(pod)), None)
    if told is None or "waiting" in told.get("state", {}):
        return None
    return pod["metadata"]["uid"], int(told.get("restartCount", 0))
