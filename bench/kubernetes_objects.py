"""What a look at a large cluster costs us: 1,000 pods on 200 nodes beside 100 on 20, in CPU time and memory.

The objects are as large as the real ones and come by HTTP from a process of their own; the API server's own
work is not ours and not measured.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from bench import report
from bench.ports import free_port, listening
from xiong.config.kubernetes import KubernetesSettings
from xiong.model.instance import InstanceState
from xiong.platforms.kubernetes import looking, reasons
from xiong.platforms.kubernetes.cluster import Cluster
from xiong.platforms.kubernetes.course import Course

Object = dict[str, Any]
_SIZES = {"100 pods, 20 nodes": (100, 20), "1,000 pods, 200 nodes": (1000, 200)}
_ILL_SHARE = 10  # one in so many is not well, so that the events are asked for too
_NAMESPACE = "bench"
_BASE = Path(__file__).parents[1] / "deployment/kubernetes/base/api.yaml"
_AT = "2026-03-01T08:00:00Z"


class _Inside(Cluster):
    """Asks pods by their address, so that no port is opened for each."""

    inside = True  # type: ignore[assignment]


async def run(*, quick: bool) -> None:
    """Called by `python -m bench kubernetes_objects`."""
    rounds = 3 if quick else 20
    figures: dict[str, dict[str, list[float]]] = {}
    rows = []
    for name, (pods, nodes) in _SIZES.items():
        async with _served(pods, nodes) as (cluster, size):
            figures[name] = await _measure(cluster, rounds)
        for what, values in figures[name].items():
            rows.append([what, name, f"{size / 2**20:.1f}", f"{report.median(values):.1f}"])
    small, large = figures.values()
    rows += [[what, "large over small", "10.0×", _ratio(large[what], small[what])] for what in small]
    heads = ["what", "of", "MiB told", "ms, MiB"]
    report.table(
        f"kubernetes_objects: medians of {rounds} looks", heads, sorted(rows, key=lambda row: row[0])
    )
    report.save("kubernetes_objects", figures)


def _ratio(large: list[float], small: list[float]) -> str:
    return report.ratio(report.median(large), report.median(small))


async def _measure(cluster: Cluster, rounds: int) -> dict[str, list[float]]:
    pods = await cluster.list("Pod")
    events = await cluster.list("Event")
    whys = reasons.by_pod(events)

    async def look() -> None:
        found = await looking.instances(cluster)
        assert sum(one.state is not InstanceState.READY for one in found) == len(found) // _ILL_SHARE

    async def reason() -> None:
        for pod in pods:
            reasons.why(pod, whys.get(pod["metadata"]["uid"], []))

    async def moment() -> None:
        course.look(pods, time.monotonic(), datetime.now(UTC))

    course = Course("wanted", 2, pods, time.monotonic())
    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "every instance, by HTTP": look,
        "every reason": reason,
        "one moment of a roll": moment,
    }
    figures = {f"{name} (CPU, ms)": await _timed(way, rounds) for name, way in ways.items()}
    figures["every instance, by HTTP (peak, MiB)"] = [await _peak(look)]
    return figures


async def _timed(way: Callable[[], Awaitable[None]], rounds: int) -> list[float]:
    await way()
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        await way()
        spent.append(1000 * (time.process_time() - began))
    return spent


async def _peak(way: Callable[[], Awaitable[None]]) -> float:
    tracemalloc.start()
    await way()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


@asynccontextmanager
async def _served(pods: int, nodes: int) -> AsyncIterator[tuple[Cluster, int]]:
    """A cluster that tells of so many, and how many bytes that are."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = _server(port, pods, nodes)
        try:
            await listening(port)
            cluster = _Inside(KubernetesSettings(kubeconfig=_kubeconfig(folder, port), namespace=_NAMESPACE))
            try:
                yield cluster, sum(len(json.dumps(items)) for items in _told(pods, nodes).values())
            finally:
                await cluster.close()
        finally:
            server.terminate()
            server.wait()


def _server(port: int, pods: int, nodes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.kubernetes_objects", *map(str, (port, pods, nodes))]
    )


def _told(pods: int, nodes: int) -> dict[str, list[Object]]:
    made = [_pod(number, nodes) for number in range(pods)]
    return {"pods": made, "events": [event for pod in made for event in _events(pod)]}


def _serve(port: int, pods: int, nodes: int) -> None:
    """Tells of so many, page by page, as an API server does."""
    lists = _told(pods, nodes)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = dict(parse_qsl(url.query))
            items = lists.get(url.path.rpartition("/")[2], [])
            begin = int(asked.get("continue", 0))
            end = begin + int(asked.get("limit", len(items)))
            version = {"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
            page = {"metadata": {"continue": str(end) if end < len(items) else ""}, "items": items[begin:end]}
            self._answer(json.dumps(version | page).encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def _kubeconfig(folder: str, port: int) -> Path:
    file = Path(folder) / "kubeconfig"
    entries = {
        "clusters": [{"name": "bench", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "bench", "user": {"token": "none"}}],
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        "current-context": "bench",
    }
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "Config"} | entries))
    return file


@cache
def _template() -> Object:
    deployment: Object = next(yaml.safe_load_all(_BASE.read_text()))
    return dict(deployment["spec"]["template"])


def _pod(number: int, nodes: int) -> Object:
    """As the shipped Deployment makes them, with what the cluster adds; one in ten crashes."""
    template = copy.deepcopy(_template())
    ill = number % _ILL_SHARE == 0
    state: Object = {"running": {"startedAt": _AT}}
    if ill:
        state = {
            "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
        }
    conditions = [
        {"type": kind, "status": "False" if ill and kind == "Ready" else "True", "lastTransitionTime": _AT}
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    spec = template["spec"]
    metadata = template["metadata"] | {
        "name": f"xiongichat-api-7d9f8c-{number:05}",
        "namespace": _NAMESPACE,
        "uid": f"00000000-0000-4000-8000-{number:012}",
        "creationTimestamp": _AT,
        "ownerReferences": [{"kind": "ReplicaSet", "name": "xiongichat-api-7d9f8c", "controller": True}],
        # who set which field: about as large as the rest
        "managedFields": [
            {"manager": "kubelet", "fieldsV1": {f"f:{key}": value for key, value in spec.items()}}
        ],
    }
    metadata["annotations"] = (metadata.get("annotations") or {}) | {"xiong.setup": "wanted"}
    told = {
        "phase": "Running",
        "podIP": f"10.1.{number // 250}.{number % 250}",
        "hostIP": f"10.0.0.{number % nodes}",
        "conditions": conditions,
        "containerStatuses": [
            {
                "name": "api",
                "image": spec["containers"][0]["image"],
                "ready": not ill,
                "restartCount": 7 * ill,
                "state": state,
                "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}} if ill else {},
            }
        ],
    }
    spec["nodeName"] = f"node-{number % nodes}"
    return {"metadata": metadata, "spec": spec, "status": told}


def _events(pod: Object) -> list[Object]:
    uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
    return [
        {
            "metadata": {"name": f"{name}.{number}", "namespace": _NAMESPACE, "creationTimestamp": _AT},
            "involvedObject": {"kind": "Pod", "name": name, "uid": uid, "namespace": _NAMESPACE},
            "reason": reason,
            "message": f"{reason} of container api on {pod['spec']['nodeName']}, told by its kubelet",
            "source": {"component": "kubelet", "host": pod["spec"]["nodeName"]},
            "firstTimestamp": _AT,
            "lastTimestamp": _AT,
            "count": 1,
            "type": "Normal",
        }
        for number, reason in enumerate(("Scheduled", "Pulling", "Pulled", "Created", "Started", "Unhealthy"))
    ]


if __name__ == "__main__":
    _serve(*map(int, sys.argv[1:]))
