"""The pods of a copy in the words of all platforms: who runs, who is ready, why not.

One listing of pods tells it; their events are asked for only when one of them is not well.
"""

from __future__ import annotations

import asyncio

from xiong.errors import PlatformError
from xiong.model.instance import Instance, InstanceState
from xiong.platforms.kubernetes import reasons
from xiong.platforms.kubernetes.cluster import Cluster, Object

RELEASE_LABEL = "xiong.release"
SETUP_ANNOTATION = "xiong.setup"
NAME_LABEL, COMPONENT_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/component"
NAME = "xiongichat"
_PREFIX = f"{NAME}-"
_HTTP_PORTS = frozenset({"http", "metrics", "web"})


def labels(service: str | None) -> dict[str, str]:
    """What the pods of a service, or of all, bear; the trial of a roll and pods of others do not."""
    ours = {NAME_LABEL: NAME}
    return {**ours, COMPONENT_LABEL: service} if service else ours


async def instances(cluster: Cluster, service: str | None = None) -> list[Instance]:
    """All pods that serve or should, by name."""
    found = [pod for pod in await cluster.list("Pod", labels(service)) if is_copy(pod)]
    events: dict[str, list[Object]] = {}
    if any(state_of(pod) is not InstanceState.READY for pod in found):
        events = reasons.by_pod(await cluster.list("Event"))
    looks = (instance(cluster, pod, events.get(pod["metadata"]["uid"], [])) for pod in found)
    return sorted(await asyncio.gather(*looks), key=lambda one: one.name)


async def instance(cluster: Cluster, pod: Object, events: list[Object]) -> Instance:
    """One pod."""
    metadata, state = pod["metadata"], state_of(pod)
    restarts = _restarts(pod)
    return Instance(
        name=name_of(pod),
        service=service_of(pod),
        release_id=metadata.get("labels", {}).get(RELEASE_LABEL),
        state=state,
        url=await url_of(cluster, pod),
        identity=f"{metadata['uid']}@{restarts}",
        restarts=restarts,
        detail="" if state is InstanceState.READY else reasons.why(pod, events),
    )


async def pod_named(cluster: Cluster, instance: str) -> Object:
    """The pod of an instance.

    Raises:
        PlatformError: there is none.
    """
    for name in (_PREFIX + instance, instance):
        pod = await cluster.get("Pod", name)
        if pod is not None and is_copy(pod):
            return pod
    raise PlatformError(f"{instance} is not here", hint="xiong status")


async def url_of(cluster: Cluster, pod: Object) -> str | None:
    """Where it answers HTTP directly; None for what does not, or has no address yet."""
    port = next((one["containerPort"] for one in _ports(pod) if one.get("name") in _HTTP_PORTS), None)
    address = pod.get("status", {}).get("podIP")
    if port is None or not address or pod["status"].get("phase") != "Running":
        return None
    if cluster.inside:
        return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    return f"http://127.0.0.1:{await cluster.forward(pod['metadata']['name'], port)}"


def name_of(pod: Object) -> str:
    """What people call it: `api-7d9f8c-x2x4z`, `postgres-0`."""
    return str(pod["metadata"]["name"]).removeprefix(_PREFIX)


def service_of(pod: Object) -> str:
    """What it is one of."""
    return str(pod["metadata"].get("labels", {}).get(COMPONENT_LABEL, ""))


def state_of(pod: Object) -> InstanceState:
    """As the cluster sees it."""
    status = pod.get("status", {})
    if is_leaving(pod):
        return InstanceState.DRAINING
    if status.get("phase") == "Succeeded":
        return InstanceState.STOPPED
    if status.get("phase") == "Failed" or reasons.hopeless(pod):
        return InstanceState.FAILED
    return InstanceState.READY if is_ready(pod) else InstanceState.STARTING


def is_ready(pod: Object) -> bool:
    """Whether requests are sent to it."""
    return reasons.condition(pod.get("status", {}), "Ready").get("status") == "True"


def is_leaving(pod: Object) -> bool:
    """Whether its end was asked for."""
    return "deletionTimestamp" in pod["metadata"]


def is_copy(pod: Object) -> bool:
    """Whether it counts: no pod of a Job, and none that was evicted and only stays as a note of that."""
    owner = owner_of(pod)
    ended = pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}
    return owner != "Job" and not (owner == "ReplicaSet" and ended)


def owner_of(pod: Object) -> str:
    """The kind of what makes another when it is gone; empty for none."""
    owners = pod["metadata"].get("ownerReferences", ())
    return next((str(owner["kind"]) for owner in owners if owner.get("controller")), "")


def setup_of_pod(pod: Object) -> str:
    """Which template it was made from."""
    return str(pod["metadata"].get("annotations", {}).get(SETUP_ANNOTATION, ""))


def _ports(pod: Object) -> list[Object]:
    return [port for one in pod.get("spec", {}).get("containers", ()) for port in one.get("ports", ())]


def _restarts(pod: Object) -> int:
    told = pod.get("status", {}).get("containerStatuses", ())
    return sum(int(one.get("restartCount", 0)) for one in told)
