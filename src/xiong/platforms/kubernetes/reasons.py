"""Why a pod is not well, in words: what the cluster says of it, and the last lines that it printed.

Asked by `looking` for every copy that is not well, and by a roll that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from redaction import redact
from xiong.errors import PlatformError
from xiong.platforms.kubernetes.cluster import Cluster, Object

_LAST_LINES = 8
_LONGEST = 400
HOPELESS = frozenset({"CrashLoopBackOff", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
"""What a container waits for in vain: the kubelet tried at least once and did not get on."""

_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_BEGINNING = frozenset({"", "ContainerCreating", "PodInitializing"})
_BEFORE_BEGIN = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "NetworkNotReady"})


def by_pod(events: Iterable[Object]) -> dict[str, list[Object]]:
    """{uid of a pod: its events, oldest first}."""
    found: dict[str, list[Object]] = {}
    for event in events:
        uid = event.get("involvedObject", {}).get("uid")
        if uid:
            found.setdefault(uid, []).append(event)
    for several in found.values():
        several.sort(key=_when)
    return found


def why(pod: Object, events: list[Object]) -> str:
    """Why it is not well, in words; empty when nothing speaks against it.

    Args:
        pod: as the API server has it.
        events: those of this pod, oldest first.
    """
    status = pod.get("status", {})
    words = (
        _of_end(status)
        or _of_containers(pod, events)
        or _of_place(status, events)
        or _of_removal(status)
        or _of_readiness(pod, events)
    )
    return redact(" ".join(words.split()))[:_LONGEST]


def hopeless(pod: Object) -> bool:
    """Whether waiting for it is in vain as long as nobody changes something."""
    return any(_waiting(told) in HOPELESS for told in containers(pod))


def pulling(pod: Object, events: list[Object]) -> bool:
    """Whether its image is still on the way to the node."""
    begun = [event["reason"] for event in events if event.get("reason") in {"Pulling", "Pulled", "Failed"}]
    return bool(begun) and begun[-1] == "Pulling"


def containers(pod: Object) -> list[Object]:
    """What is told of each container, those that prepare first."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def condition(status: Mapping[str, Any], kind: str) -> Object:
    """One condition of a status; empty where it is not told."""
    return next((one for one in status.get("conditions", ()) if one["type"] == kind), {})


async def explain(cluster: Cluster, pod: Object) -> str:
    """Why it is not well, asked now, with its last lines; for a message to people."""
    events = by_pod(await cluster.list("Event")).get(pod["metadata"]["uid"], [])
    words = why(pod, events) or "it did not say why"
    return words + await last_words(cluster, pod["metadata"]["name"])


async def last_words(cluster: Cluster, pod: str) -> str:
    """The last lines that a pod printed, of the run before where this one printed none; as a block."""
    for previous in (False, True):
        try:
            lines = [line async for line in cluster.log(pod, tail=_LAST_LINES, previous=previous)]
        except PlatformError:
            continue
        if lines:
            told = (line.decode(errors="replace") for line in lines[-_LAST_LINES:])
            return "".join(f"\n  {redact(line)}" for line in told)
    return ""


def _of_end(status: Object) -> str:
    """The whole pod ended: it was evicted, refused by its node, or not to be started again."""
    if status.get("phase") != "Failed":
        return ""
    ended = [told["state"]["terminated"] for told in status.get("containerStatuses", ()) if _ended(told)]
    if status.get("reason"):
        return f"{status['reason']}: {status.get('message', 'no reason was told')}"
    return _exit(ended[0], "") if ended else "it failed"


def _of_containers(pod: Object, events: list[Object]) -> str:
    memory = {
        one["name"]: one.get("resources", {}).get("limits", {}).get("memory", "") for one in _specified(pod)
    }
    images = {one["name"]: one.get("image", "") for one in _specified(pod)}
    for told in containers(pod):
        reason, limit = _waiting(told), memory.get(told["name"], "")
        message = told.get("state", {}).get("waiting", {}).get("message", "")
        if reason in _IMAGE:
            said = _last(events, "Failed", "Failed to pull image") or message
            return f"image {images.get(told['name'], told.get('image', ''))} cannot be had ({reason}): {said}"
        if reason == "CrashLoopBackOff":
            before = told.get("lastState", {}).get("terminated", {})
            again = f"it ended {told.get('restartCount', 0) + 1} times and is started again after a pause"
            return f"{_exit(before, limit)}; {again} ({reason})"
        if reason not in _BEGINNING:
            return f"container {told['name']} cannot begin ({reason}): {message}"
        if _ended(told) and told["state"]["terminated"].get("exitCode", 0):
            return _exit(told["state"]["terminated"], limit)
    return ""


def _of_place(status: Object, events: list[Object]) -> str:
    placed = condition(status, "PodScheduled")
    if placed.get("status") == "False":
        return f"no node takes it ({placed.get('reason', '')}): {placed.get('message', '')}"
    if status.get("phase") != "Pending":
        return ""
    last = next((event for event in reversed(events) if event.get("reason") in _BEFORE_BEGIN), None)
    return f"it cannot begin ({last['reason']}): {last.get('message', '')}" if last else ""


def _of_removal(status: Object) -> str:
    removed = condition(status, "DisruptionTarget")
    if removed.get("status") != "True":
        return ""
    if removed.get("reason") == "DeletionByTaintManager":
        return "its node does not answer, or is not to be used"
    return f"it is taken away ({removed.get('reason', '')}): {removed.get('message', '')}"


def _of_readiness(pod: Object, events: list[Object]) -> str:
    status = pod.get("status", {})
    ready = condition(status, "Ready")
    if ready.get("status") == "True" or status.get("phase") != "Running":
        return ""
    since = str(ready.get("lastTransitionTime") or "")
    last = next((one for one in reversed(events) if one.get("reason") in {"Unhealthy", "NodeNotReady"}), None)
    if last is not None and _when(last) >= since:
        return (
            "its node does not answer" if last["reason"] == "NodeNotReady" else str(last.get("message", ""))
        )
    for told in status.get("containerStatuses", ()):
        before = told.get("lastState", {}).get("terminated")
        if before and not told.get("ready"):
            return f"{_exit(before, '')}; it was started again and is not ready"
    return ""


def _exit(ended: Object, limit: str) -> str:
    if ended.get("reason") == "OOMKilled":
        return f"it needed more memory than its limit{f' of {limit}' if limit else ''} (OOMKilled)"
    if "exitCode" not in ended:
        return "it ended"
    message = f": {ended['message']}" if ended.get("message") else ""
    return f"it ended with exit code {ended['exitCode']}{message}"


def _specified(pod: Object) -> list[Object]:
    spec = pod.get("spec", {})
    return [*spec.get("initContainers", ()), *spec.get("containers", ())]


def _waiting(told: Object) -> str:
    return str(told.get("state", {}).get("waiting", {}).get("reason", ""))


def _ended(told: Object) -> bool:
    return "terminated" in told.get("state", {})


def _last(events: list[Object], reason: str, begins: str) -> str:
    found = (e["message"] for e in reversed(events) if e.get("reason") == reason and "message" in e)
    return next((message for message in found if message.startswith(begins)), "")


def _when(event: Object) -> str:
    """RFC 3339 in UTC, which sorts as text."""
    told = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    return str(told or "")
