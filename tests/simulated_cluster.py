"""A cluster of one namespace in memory, whose Deployments roll as the real ones do: one more at a time.

Each listing of pods is one moment in which it goes on. What a test wants to go wrong is said by its fields.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pod_objects
from xiong.errors import PlatformError

Object = dict[str, Any]
_SCALER = "HorizontalPodAutoscaler"


class SimulatedClock:
    """Passes at once; each sleep is a moment of the cluster."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 8, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class SimulatedCluster:
    """Says to `Roller` what a cluster would."""

    namespace = "xiongichat"
    inside = True

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.objects: dict[tuple[str, str], Object] = {}
        self.pods: dict[str, Object] = {}
        self.events: list[Object] = []
        self.calls: list[str] = []
        self.broken: set[str] = set()  # setups whose pods crash
        self.lost: set[str] = set()  # names of pods whose node is lost: nobody ends them
        self.meanwhile: Callable[[], None] = lambda: None

    # what a Cluster does

    async def get(self, kind: str, name: str) -> Object | None:
        found = self.pods.get(name) if kind == "Pod" else self.objects.get((kind, name))
        if kind == "Pod":
            self._pass()
        return copy.deepcopy(found)

    async def list(self, kind: str, labels: Mapping[str, str] | None = None) -> list[Object]:
        if kind == "Event":
            return self.events
        self._pass()
        wanted = (labels or {}).items()
        return [copy.deepcopy(p) for p in self.pods.values() if wanted <= p["metadata"]["labels"].items()]

    async def apply(self, wanted: Object) -> Object:
        kind, name = wanted["kind"], wanted["metadata"]["name"]
        self.calls.append(f"apply {name}")
        before = self.objects.get((kind, name))
        made = copy.deepcopy(wanted)
        if kind == "Deployment":
            count = before["spec"]["replicas"] if before else 1
            made["spec"].setdefault("replicas", count)
            made["spec"] |= (
                {"paused": before["spec"]["paused"]} if before and "paused" in before["spec"] else {}
            )
        self.objects[kind, name] = made
        return made

    async def create(self, wanted: Object) -> Object:
        self.calls.append(f"create {wanted['metadata']['name']}")
        made = pod_objects.pod(wanted["metadata"]["name"], owner=None, ready=False)
        made["metadata"] |= wanted["metadata"]
        self.pods[made["metadata"]["name"]] = made
        return made

    async def patch(self, kind: str, name: str, change: Object, *, subresource: str = "") -> Object:
        if kind == "Pod":
            if name not in self.pods:
                raise PlatformError(f"no pod {name}")
            given = change["metadata"]["annotations"].items()
            kept = self.pods[name]["metadata"]["annotations"] | {k: v for k, v in given if v is not None}
            self.pods[name]["metadata"]["annotations"] = {
                k: v for k, v in kept.items() if (k, None) not in given
            }
            return self.pods[name]
        self.calls.append(f"patch {name} {change['spec']}")
        self.objects[kind, name]["spec"] |= change["spec"]
        return self.objects[kind, name]

    async def delete(self, kind: str, name: str, *, grace_seconds: int | None = None) -> None:
        self.calls.append(f"delete {name} {grace_seconds}")
        if name in self.pods:
            self._ask_to_leave(name)

    async def log(self, pod: str, **_: Any) -> AsyncIterator[bytes]:
        for line in (b"Traceback", b"ValueError: call 0912-345-678"):
            yield line

    # what the controllers and kubelets do

    def serving(self) -> list[Object]:
        """The pods of the service that get requests."""
        return [p for p in self._of("api") if _ready(p) and "deletionTimestamp" not in p["metadata"]]

    def put(self, *pods: Object) -> None:
        """So many are there."""
        self.pods |= {p["metadata"]["name"]: p for p in pods}

    def _pass(self) -> None:
        self.meanwhile()
        for name in [n for n, p in self.pods.items() if "deletionTimestamp" in p["metadata"]]:
            if name not in self.lost:
                del self.pods[name]
        for found in self.pods.values():
            if not _ready(found) and found["status"]["phase"] == "Running":
                self._get_ready(found)
        for (kind, _), made in self.objects.items():
            if kind == "Deployment":
                self._control(made)

    def _get_ready(self, found: Object) -> None:
        setup = found["metadata"]["annotations"]["xiong.setup"]
        if found["metadata"]["name"] in self.lost:
            return
        if setup in self.broken:
            ended = {"exitCode": 1, "reason": "Error"}
            state = pod_objects.waiting("CrashLoopBackOff", before=ended, restarts=2)
            found["status"] = found["status"] | state
            return
        found["status"] = pod_objects.pod()["status"]

    def _control(self, made: Object) -> None:
        component = made["metadata"]["name"].removeprefix("xiongichat-")
        setup = made["spec"]["template"]["metadata"]["annotations"]["xiong.setup"]
        active = [p for p in self._of(component) if "deletionTimestamp" not in p["metadata"]]
        new = [p for p in active if p["metadata"]["annotations"]["xiong.setup"] == setup]
        old = [p for p in active if p not in new]
        count = made["spec"]["replicas"]
        if old and made["spec"].get("paused"):
            pass
        elif len(active) > count:
            ready = sum(_ready(p) for p in active)
            least = min(active, key=self._rank(old))
            if not _ready(least) or ready > count:
                self._ask_to_leave(least["metadata"]["name"])
        elif len(new) < count:
            self.put(self._start(component, setup))
        now = [p for p in self._of(component) if "deletionTimestamp" not in p["metadata"]]
        fits = [p for p in now if p["metadata"]["annotations"]["xiong.setup"] == setup]
        made["status"] = {"observedGeneration": 1, "replicas": len(now), "updatedReplicas": len(fits)}

    def _start(self, component: str, setup: str) -> Object:
        return pod_objects.pod(component=component, setup=setup, ready=False)

    @staticmethod
    def _rank(old: list[Object]) -> Callable[[Object], tuple[bool, bool, int]]:
        cost = "controller.kubernetes.io/pod-deletion-cost"
        return lambda p: (p not in old, _ready(p), int(p["metadata"]["annotations"].get(cost, 0)))

    def _ask_to_leave(self, name: str) -> None:
        at = (self.clock.now() + timedelta(seconds=45)).isoformat()
        self.pods[name] = pod_objects.leaving(self.pods[name], at=at)

    def _of(self, component: str) -> list[Object]:
        named = {"app.kubernetes.io/name": "xiongichat", "app.kubernetes.io/component": component}
        found = [p for p in self.pods.values() if named.items() <= p["metadata"]["labels"].items()]
        return [p for p in found if p["status"]["phase"] not in {"Failed", "Succeeded"}]


def _ready(found: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in found["status"].get("conditions", ()))
