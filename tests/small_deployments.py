"""Deployments of a copy by their names and labels, whose pods are a small program: for tests of a roll.

What a release does is its shell command: `WELL` answers on a port, others crash or never get ready.
"""

from __future__ import annotations

from typing import Any

import cluster

Object = dict[str, Any]
PORT = 6379
WELL = f"exec valkey-server --port {PORT} --save ''"
CRASHES = "echo beginning; echo 'ValueError: call 0912-345-678' >&2; exit 3"
NEVER_READY = "exec sleep 1000"


def deployment(
    component: str,
    setup: str,
    command: str = WELL,
    *,
    replicas: int | None = None,
    image: str = cluster.IMAGE,
) -> Object:
    """One that rolls as the shipped one does."""
    labels = {"app.kubernetes.io/name": "xiongichat", "app.kubernetes.io/component": component}
    template = cluster.pod(component, ["sh", "-c", command])
    spec, (container,) = template["spec"], template["spec"]["containers"]
    del spec["restartPolicy"]
    spec["terminationGracePeriodSeconds"] = 5
    container |= {
        "name": component,
        "image": image,
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
    }
    metadata = {"labels": labels | {"xiong.release": f"1.0-{setup}"}, "annotations": {"xiong.setup": setup}}
    wanted: Object = {
        "minReadySeconds": 1,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": labels},
        "template": {"metadata": metadata, "spec": spec},
    }
    if replicas is not None:
        wanted["replicas"] = replicas
    named = {"name": f"xiongichat-{component}", "labels": labels}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named, "spec": wanted}


def autoscaler(least: int = 1, most: int = 2) -> Object:
    """As the shipped one, without what it measures: there is no load."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "xiongichat-api"}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "xiongichat-api-hpa"},
        "spec": {
            "scaleTargetRef": target,
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
    }
