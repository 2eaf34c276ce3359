"""`xiong deploy` on a cluster, beside a plain apply of a manifest as the original document has it; same load.

The rival is that Deployment in its own words: both probes with a first delay, no drain before the end, no
gate, the change made by applying it with another image. What it needs to be admitted and to start at all is
added: a security context, the stores' addresses as files, no migration in each pod. Both stand in one
namespace, before one set of stores, behind one ingress controller, and take turns.

Needs a cluster, a registry that its nodes pull from, and what a copy needs there, by XIONG_KUBERNETES__… in
the environment; XIONG_BENCH_WAIT_SECONDS is how long a volume or an image may take.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import report
from bench.load import load
from bench.load_result import LoadResult
from bench.product import printed_json
from bench.proxies import source_tree
from xiong.config.load import load_settings
from xiong.config.settings import Settings
from xiong.platforms.kubernetes.adapter import KubernetesPlatform
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.tools.clock import SystemClock, wait_for

_REPLICAS = 2
_RIVAL = "as-written"
_LABELS = {
    "app": _RIVAL,
    "app.kubernetes.io/component": "api",
}  # the policies let that component to the stores
_MARGIN_S, _LONGEST_S = 1.0, 600.0
Roll = Callable[[str], Awaitable[None]]


@dataclass
class Rolls:
    """All rolls made in one way, and what the load saw of them."""

    way: str
    kept: LoadResult = field(default_factory=LoadResult)
    closed: LoadResult = field(default_factory=LoadResult)
    seconds: list[float] = field(default_factory=list)

    @property
    def both(self) -> LoadResult:
        return self.kept + self.closed


async def run(*, quick: bool) -> None:
    """Called by `python -m bench kubernetes_rolls`."""
    await asyncio.to_thread(asyncio.run, _run(rolls=1 if quick else 4))


async def _run(*, rolls: int) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="xiong-bench-kubernetes-"))
    state, source = scratch / "state", scratch / "source"
    namespace = os.environ.setdefault("XIONG_KUBERNETES__NAMESPACE", f"xiong-bench-{os.getpid()}")
    os.environ.setdefault("XIONG_KUBERNETES__HOST", f"{namespace}.example.org")
    os.environ |= {"XIONG_PLATFORM": "kubernetes", "XIONG_SERVICE__SOURCE": str(source)}
    os.environ |= {"XIONG_WATCH__ENABLED": "false", "XIONG_SERVICE__RATE_LIMIT": "100000/minute"}
    source_tree(source)
    settings = load_settings(None, {"state": state})
    lacks = await KubernetesPlatform(settings).preflight()
    if lacks or not settings.kubernetes.registry:
        report.note(f"kubernetes_rolls: not run: {'; '.join(lacks) or 'no XIONG_KUBERNETES__REGISTRY'}")
        return
    try:
        found = await _both(settings, state, source, rolls)
    finally:
        await _xiong(state, "down", "--purge", "--yes")
        shutil.rmtree(scratch, ignore_errors=True)
    report.table(
        f"requests while {_REPLICAS} replicas in a cluster are replaced",
        ["way", "rolls", "median roll", "requests", "lost", "of 100,000", "slowest"],
        [_row(one) for one in found],
    )
    report.save("kubernetes_rolls", {one.way: [one.both.sent, one.both.failed, one.seconds] for one in found})


async def _both(settings: Settings, state: Path, source: Path, rolls: int) -> list[Rolls]:
    await _xiong(state, "up", "--detach", "--replicas", str(_REPLICAS))
    platform = KubernetesPlatform(settings)
    door = await platform.endpoint()
    token = door.token_file.read_text().strip()
    cluster = Cluster(settings.kubernetes)
    images = [await _image(cluster)]
    with (source / "src/api/main.py").open("a") as file:
        file.write("# another\n")
    receipt = await _xiong(state, "deploy", "--from", str(source))
    images.append(await _image(cluster))
    releases = [str(receipt["previous"]), str(receipt["release"])]
    host = f"{_RIVAL}.{settings.kubernetes.namespace}.example.org"
    await _start_rival(cluster, images[0], host)

    async def ours(number: str) -> None:
        await _xiong(state, "deploy", releases[int(number) % 2])

    async def theirs(number: str) -> None:
        await cluster.apply(_deployment(images[(int(number) + 1) % 2]))
        await _rolled(cluster)

    ways = [
        (Rolls("`xiong deploy`"), ours, str(door.server_name)),
        (Rolls("plain apply of the original manifest"), theirs, host),
    ]
    for number in range(rolls):
        for made, roll, name in ways:
            await _under_load(made, door.address, name, token, roll, str(number))
    await cluster.close()
    return [made for made, _, _ in ways]


async def _under_load(made: Rolls, url: str, host: str, token: str, roll: Roll, number: str) -> None:
    stop = asyncio.Event()
    loads = [
        asyncio.create_task(
            load(url, token, seconds=_LONGEST_S, connections=4, keep_alive=keep, stop=stop, host=host)
        )
        for keep in (True, False)
    ]
    try:
        await asyncio.sleep(_MARGIN_S)
        begun = time.monotonic()
        await roll(number)
        made.seconds.append(time.monotonic() - begun)
        await asyncio.sleep(_MARGIN_S)
    finally:
        stop.set()
        kept, closed = await asyncio.gather(*loads)
    made.kept, made.closed = made.kept + kept, made.closed + closed
    both = kept + closed
    report.note(f"  {made.way}: {made.seconds[-1]:.1f} s, {both.failed} of {both.sent} lost {both.kinds}")


async def _start_rival(cluster: Cluster, image: str, host: str) -> None:
    port = {"name": "http", "port": 80, "targetPort": "http"}
    service = {"selector": _LABELS, "ports": [port]}
    backend = {"service": {"name": _RIVAL, "port": {"name": "http"}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    await cluster.apply(_object("v1", "Service", service))
    await cluster.apply(_object("networking.k8s.io/v1", "Ingress", {"rules": [rule]}))
    await cluster.apply(_deployment(image))
    await _rolled(cluster)


async def _rolled(cluster: Cluster) -> None:
    """As `kubectl rollout status` judges it."""

    async def done() -> bool:
        found = await cluster.get("Deployment", _RIVAL) or {}
        status, generation = found.get("status", {}), found["metadata"]["generation"]
        counts = {status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")}
        return status.get("observedGeneration") == generation and counts == {_REPLICAS}

    seconds = float(os.environ.get("XIONG_BENCH_WAIT_SECONDS", "180"))
    await wait_for(done, what=f"{_RIVAL} rolled", seconds=seconds, clock=SystemClock(), every=0.3)


def _deployment(image: str) -> Object:
    probe = {"httpGet": {"path": "/api/v1/healthz", "port": "http"}, "failureThreshold": 3}
    ready = {"httpGet": {"path": "/api/v1/ready", "port": "http"}, "failureThreshold": 3}
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEYS_ALSO", "OPENAI_API_KEY", "API_TOKENS")
    told = {f"{name}_FILE": f"/run/xiong/service/{name}" for name in names}
    told |= {"RELEASE_ID": image.rpartition(":")[2][:12], "ENVIRONMENT": "staging", "SPOOL_DIR": "/tmp/spool"}  # noqa: S108
    told |= {"RATE_LIMIT": "100000/minute"}
    container = {
        "name": "api",
        "image": image,
        "command": ["python", "-m", "uvicorn", "api.main:app", "--host=0.0.0.0", "--port=8000"],
        "ports": [{"name": "http", "containerPort": 8000}],
        "env": [{"name": name, "value": value} for name, value in told.items()],
        "livenessProbe": {**probe, "initialDelaySeconds": 30, "periodSeconds": 10, "timeoutSeconds": 5},
        "readinessProbe": {**ready, "initialDelaySeconds": 10, "periodSeconds": 5, "timeoutSeconds": 3},
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "secrets", "mountPath": "/run/xiong/service"}],
    }
    user = {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001}
    pod = {
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
        "securityContext": {**user, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "secrets", "secret": {"secretName": "xiongichat-secrets"}}],
    }
    spec = {
        "replicas": _REPLICAS,
        "revisionHistoryLimit": 5,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "selector": {"matchLabels": _LABELS},
        "template": {"metadata": {"labels": _LABELS}, "spec": pod},
    }
    return _object("apps/v1", "Deployment", spec)


def _object(version: str, kind: str, spec: dict[str, Any]) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": _RIVAL}, "spec": spec}


async def _image(cluster: Cluster) -> str:
    """What the service's Deployment runs."""
    found = await cluster.get("Deployment", "xiongichat-api") or {}
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def _row(made: Rolls) -> list[str]:
    both = made.both
    lost = f"{both.failed}" + (f" ({both.kinds})" if both.failed else "")
    share = f"{both.lost_per_100_000:.1f}"
    took = f"{report.median(made.seconds):.1f} s"
    return [made.way, str(len(made.seconds)), took, f"{both.sent:,}", lost, share, f"{both.slowest:.2f} s"]


async def _xiong(state: Path, *words: str) -> dict[str, object]:
    argv = [sys.executable, "-m", "xiong", "--state", str(state), "--json", *words]
    return await printed_json(argv, cwd=state.parent)
