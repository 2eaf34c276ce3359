"""Pods, Deployments and events as an API server tells them; as much of them as is looked at."""

from __future__ import annotations

import itertools
from typing import Any

Object = dict[str, Any]
_COUNT = itertools.count(1)
BEGAN = "2026-03-01T08:00:00Z"


def pod(
    name: str = "",
    *,
    component: str = "api",
    setup: str = "new",
    ready: bool = True,
    owner: str | None = "ReplicaSet",
    **status: Any,
) -> Object:
    """One that runs; `status` replaces what is told of it."""
    number = next(_COUNT)
    name = name or f"xiongichat-{component}-7d9f8c-{number:05}"
    labels = {
        "app.kubernetes.io/name": "xiongichat",
        "app.kubernetes.io/component": component,
        "xiong.release": f"1.0-{setup}",
    }
    owners = [{"kind": owner, "name": "one", "controller": True}] if owner else []
    main = {
        "name": component,
        "image": f"registry.example.org/xiong/service@sha256:{setup}",
        "ports": [{"name": "http", "containerPort": 8000}],
        "resources": {"limits": {"memory": "512Mi"}},
    }
    told = {
        "phase": "Running",
        "podIP": "10.1.2.3",
        "conditions": [_condition("PodScheduled", True), _condition("Ready", ready)],
        "containerStatuses": [container(component, ready=ready)],
    }
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "uid": f"uid-{number}",
            "labels": labels,
            "annotations": {"xiong.setup": setup},
            "ownerReferences": owners,
            "creationTimestamp": BEGAN,
        },
        "spec": {"containers": [main], "terminationGracePeriodSeconds": 45},
        "status": told | status,
    }


def container(name: str = "api", *, ready: bool = False, restarts: int = 0, **told: Any) -> Object:
    """What is told of one container: `waiting`, `terminated` or running, and `before` of its last run."""
    states = {state: told[state] for state in ("waiting", "terminated") if state in told}
    before = {"terminated": told["before"]} if "before" in told else {}
    return {
        "name": name,
        "ready": ready,
        "restartCount": restarts,
        "state": states or {"running": {"startedAt": BEGAN}},
        "lastState": before,
    }


def waiting(reason: str, message: str = "", **told: Any) -> Object:
    """The status of a pod whose container waits."""
    state = {"reason": reason, "message": message} if message else {"reason": reason}
    return {
        "phase": "Pending",
        "conditions": [_condition("PodScheduled", True), _condition("Ready", False)],
        "containerStatuses": [container(waiting=state, **told)],
    }


def unschedulable(message: str) -> Object:
    """The status of a pod that no node takes."""
    placed = _condition("PodScheduled", False) | {"reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [placed], "containerStatuses": []}


def evicted() -> Object:
    """The status of a pod that was evicted; it stays as a note of that."""
    message = "The node was low on resource: memory."
    return {"phase": "Failed", "reason": "Evicted", "message": message, "containerStatuses": []}


def leaving(found: Object, *, at: str = "2026-03-01T08:00:45Z", lost: bool = False) -> Object:
    """A pod whose end was asked for; with `lost`, since its node does not answer."""
    metadata = found["metadata"] | {"deletionTimestamp": at, "deletionGracePeriodSeconds": 45}
    status = found["status"]
    if lost:
        removed = _condition("DisruptionTarget", True) | {"reason": "DeletionByTaintManager"}
        status = status | {"conditions": [_condition("Ready", False), removed]}
    return found | {"metadata": metadata, "status": status}


def event(found: Object, reason: str, message: str, at: str = BEGAN) -> Object:
    """One that was told of a pod."""
    return {
        "kind": "Event",
        "metadata": {"name": f"event-{next(_COUNT)}", "creationTimestamp": at},
        "involvedObject": {"kind": "Pod", "uid": found["metadata"]["uid"]},
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
    }


def deployment(component: str = "api", *, setup: str = "new", replicas: int | None = None) -> Object:
    """As it is applied; the service's names no count."""
    template = pod(component=component, setup=setup)
    metadata = {key: template["metadata"][key] for key in ("labels", "annotations")}
    spec: Object = {"minReadySeconds": 2, "template": {"metadata": metadata, "spec": template["spec"]}}
    if replicas is not None:
        spec["replicas"] = replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"xiongichat-{component}", "generation": 1},
        "spec": spec,
    }


def _condition(kind: str, yes: bool) -> Object:
    return {"type": kind, "status": "True" if yes else "False", "lastTransitionTime": BEGAN}
