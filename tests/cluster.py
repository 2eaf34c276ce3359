"""A Kubernetes cluster for tests: whether there is one, and a namespace of a test's own.

Without one `CLUSTERS` is empty: what is parametrized over it is counted and printed by pytest as not run.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path

from xiong.config.kubernetes import KubernetesSettings
from xiong.errors import XiongError
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.tools.clock import SystemClock, wait_for

IMAGE = os.environ.get("XIONG_TEST_SMALL_IMAGE", "valkey/valkey:8-alpine")
"""The copy's own cache: a cluster has it anyway, and it has a shell and something that listens."""
_GONE_SECONDS = 120.0


@cache
def present() -> bool:
    """Whether a cluster answers by KUBECONFIG or ~/.kube/config."""
    named = os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())
    if not any(Path(file).is_file() for file in named.split(":")):
        return False

    async def asked() -> bool:
        cluster = Cluster(KubernetesSettings())
        try:
            async with asyncio.timeout(10):
                return await cluster.version() >= (1, 30)
        except (XiongError, TimeoutError):
            return False
        finally:
            await cluster.close()

    return asyncio.run(asked())


CLUSTERS = ["cluster"] if present() else []


def settings_of(namespace: str = "") -> KubernetesSettings:
    """Of a namespace that nobody else has."""
    return KubernetesSettings(namespace=namespace or f"xiong-test-{uuid.uuid4().hex[:8]}")


@asynccontextmanager
async def fresh_namespace() -> AsyncIterator[Cluster]:
    """A cluster whose namespace is empty, and gone afterwards with all that is in it."""
    cluster = Cluster(settings_of())
    await cluster.create(namespace_object(cluster.namespace))
    try:
        yield cluster
    finally:
        await cluster.delete("Namespace", cluster.namespace)
        await cluster.close()


@contextmanager
def namespace() -> Iterator[str]:
    """The name of one that nobody has yet; gone afterwards with all that is in it."""
    settings = settings_of()

    async def end() -> None:
        cluster = Cluster(settings)
        try:
            await cluster.delete("Namespace", settings.namespace)
            await gone(cluster, "Namespace", settings.namespace)
        finally:
            await cluster.close()

    try:
        yield settings.namespace
    finally:
        asyncio.run(end())


def namespace_object(name: str) -> Object:
    """Under the rules that the shipped one has."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted", "xiong.test": "true"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def pod(name: str, command: list[str], *, labels: dict[str, str] | None = None) -> Object:
    """One that may run under those rules."""
    container = {
        "name": "main",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": command,
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
    }


async def phase_of(cluster: Cluster, name: str, *phases: str) -> Object:
    """The pod, once it is in one of these phases."""

    async def there() -> Object | None:
        found = await cluster.get("Pod", name)
        return found if found is not None and found["status"].get("phase") in phases else None

    what = f"pod {name} {' or '.join(phases)}"
    return await wait_for(there, what=what, seconds=_GONE_SECONDS, clock=SystemClock(), every=0.2)


async def gone(cluster: Cluster, kind: str, name: str) -> None:
    """Returns once the object is not there."""

    async def away() -> bool:
        return await cluster.get(kind, name) is None

    await wait_for(away, what=f"{kind} {name} gone", seconds=_GONE_SECONDS, clock=SystemClock(), every=0.2)
