"""Brings up what a replica needs, in order: the namespace, the secrets, the stores, what lets requests in."""

from __future__ import annotations

from pathlib import Path

from xiong.config.settings import ProxySettings, Settings
from xiong.errors import DeadlineError, PlatformError
from xiong.platforms.base import Progress
from xiong.platforms.kubernetes import looking, manifests, objects, reasons
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.records import ClusterRecords
from xiong.platforms.kubernetes.secrets import IN_CLUSTER, ClusterSecrets
from xiong.platforms.onehost.addresses import Addresses
from xiong.tools.clock import SystemClock, wait_for

TLS = "xiongichat-tls"
_START_SECONDS = 300.0
"""A database that reads its log after a crash, and an image that comes to its node for the first time."""
_OLDEST = (1, 30)
_FOLLOWED = {"postgres": 5432, "valkey": 6379}
_LEFT_TO_THE_ROLL = frozenset({"HorizontalPodAutoscaler"})
"""It says how many replicas there are at least, which `apply` knows."""


async def lacking(cluster: Cluster, settings: Settings) -> list[str]:
    """Why nothing can run here, in words."""
    try:
        version = await cluster.version()
    except PlatformError as error:
        return [error.message]
    faults = [f"{n} names no file: {f}" for n, f in _named(settings) if f is not None and not f.is_file()]
    if version < _OLDEST:
        faults.append(f"the cluster is Kubernetes {version[0]}.{version[1]}: expected 1.30 or newer")
    if not cluster.inside and not await cluster.allowed("patch", "deployments", group="apps"):
        faults.append(f"we may not change Deployments in the namespace {cluster.namespace}")
    return faults


def _named(settings: Settings) -> tuple[tuple[str, Path | None], ...]:
    return (
        ("kubernetes.kubeconfig", settings.kubernetes.kubeconfig),
        ("kubernetes.manifests", settings.kubernetes.manifests),
        ("paging.file", settings.paging.file),
        ("proxy.certificate", settings.proxy.certificate),
        ("proxy.key", settings.proxy.key),
    )


async def start(
    cluster: Cluster, found: list[Object], secrets: ClusterSecrets, settings: Settings, progress: Progress
) -> None:
    """Applies what is shipped, and returns once the stores are ready; safe to repeat.

    Raises:
        PlatformError: the cluster refuses something, or a store does not come up.
    """
    wanted = manifests.services(found)
    await namespace(cluster, found)
    await ClusterRecords(cluster).prepare()
    await secrets.publish()
    certificate = _certificate(settings.proxy)
    if certificate is not None:
        await cluster.apply(certificate)
    before = {o["metadata"]["name"]: o["metadata"]["uid"] for o in await cluster.list("Pod")}
    for one in wanted:
        if one["kind"] not in _LEFT_TO_THE_ROLL:
            await cluster.apply(one)
    for one in wanted:
        if one["kind"] == "StatefulSet":
            name = one["metadata"]["name"]
            await await_up(cluster, name)
            pod = await cluster.get("Pod", f"{name}-0") or {"metadata": {"uid": ""}}
            was = "runs" if before.get(f"{name}-0") == pod["metadata"]["uid"] else "started"
            progress(f"{name} {was}")


async def namespace(cluster: Cluster, found: list[Object]) -> None:
    """Makes it as shipped: what runs in it may do little.

    Raises:
        PlatformError: we may not.
    """
    for one in found:
        if one["kind"] == "Namespace":
            await cluster.apply(one)


async def await_up(cluster: Cluster, name: str, *, kind: str = "StatefulSet", seconds: float = 0.0) -> None:
    """Returns once all pods of a set or a Deployment are as wanted, and ready.

    Raises:
        PlatformError: they are not in time; the reason of the first that is not well is in the message.
    """
    component = name.removeprefix("xiongichat-")

    async def ready() -> bool:
        return is_up(await cluster.get(kind, name))

    limit = seconds or _START_SECONDS
    try:
        await wait_for(ready, what=f"{name}, ready", seconds=limit, clock=SystemClock(), every=0.5)
    except DeadlineError as error:
        pods = await cluster.list("Pod", looking.labels(component))
        ill = [pod for pod in pods if not looking.is_ready(pod)]
        why = await reasons.explain(cluster, ill[0]) if ill else "it has no pod"
        raise PlatformError(
            f"{error.message}: {why}", hint=f"kubectl -n {cluster.namespace} get pods,events"
        ) from error


def is_up(one: Object | None) -> bool:
    """Whether a StatefulSet or a Deployment has come to what was last asked of it."""
    if one is None:
        return False
    status, count = one.get("status", {}), one["spec"].get("replicas", 1)
    seen = status.get("observedGeneration", 0) >= one["metadata"].get("generation", 0)
    same = status.get("updatedReplicas", 0) == status.get("replicas", 0) == count
    return bool(seen and same and status.get("readyReplicas", 0) == count)


async def addresses(cluster: Cluster, store: str) -> Addresses:
    """Where this process reaches that store: by its name inside, else by a port that leads to its pod."""
    port = _FOLLOWED.get(store)
    pod = None if cluster.inside or port is None else await cluster.get("Pod", f"{store}-0")
    if port is None or pod is None:
        return IN_CLUSTER  # where no pod runs there is nothing to lead to
    here = ("127.0.0.1", await cluster.forward(f"{store}-0", port))
    return Addresses(
        database=here if store == "postgres" else IN_CLUSTER.database,
        cache=here if store == "valkey" else IN_CLUSTER.cache,
    )


async def versions(cluster: Cluster, found: list[Object]) -> dict[str, str]:
    """{program: its version}; of the stores, which image the manifests name."""
    try:
        told = {"kubernetes": ".".join(map(str, await cluster.version()))}
    except PlatformError as error:
        told = {"kubernetes": error.message}
    for one in found:
        if one["kind"] == "StatefulSet":
            told[one["metadata"]["name"]] = one["spec"]["template"]["spec"]["containers"][0]["image"]
    return told


def _certificate(proxy: ProxySettings) -> Object | None:
    """The Secret by which the ingress controller serves HTTPS, where the certificate is a file here."""
    if proxy.certificate is None or proxy.key is None:
        return None
    data = {"tls.crt": proxy.certificate.read_bytes(), "tls.key": proxy.key.read_bytes()}
    return objects.secret(TLS, data, kind="kubernetes.io/tls")
