"""Whole copies in a cluster, for tests that need one: a namespace, volumes for the stores, a registry.

What a test cluster has of its own is told by the environment: XIONG_TEST_INGRESS is the address of its
ingress controller, where the Ingress itself names none; XIONG_TEST_REGISTRY a registry that its nodes
pull from.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from cluster import CLUSTERS, namespace, settings_of
from copies import Copy, Ran, finished
from docker_engine import REGISTRIES, database_user
from xiong.config.load import load_settings
from xiong.model.endpoint import Endpoint
from xiong.platforms.kubernetes.adapter import KubernetesPlatform
from xiong.platforms.kubernetes.cluster import Cluster, Object

_HOST_PATH = "kubernetes.io/host-path"
REGISTRY = os.environ.get("XIONG_TEST_REGISTRY") or next(iter(REGISTRIES), "")
PLACES = CLUSTERS if REGISTRY else []
"""A cluster, and a registry from which it pulls what is built here; empty where one of them is missing."""


@contextmanager
def place() -> Iterator[dict[str, Any]]:
    """Settings of `[kubernetes]` for one copy; gone afterwards with all that it had."""
    with namespace() as name, _storage(name) as storage:
        yield {
            "namespace": name,
            "registry": f"{REGISTRY}/xiong-test",
            "address": os.environ.get("XIONG_TEST_INGRESS", ""),
            "host": f"{name}.example.org",
            "database_user": database_user()[0],
            **storage,
        }


@contextmanager
def _storage(name: str) -> Iterator[dict[str, str]]:
    """The default class; or volumes made here, where that makes folders of this machine for root alone."""
    if not asyncio.run(_for_root_alone()):
        yield {}
        return
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    folder.chmod(0o755)
    volumes = [_volume(f"{name}-{number}", folder / str(number), name) for number in range(2)]
    try:
        asyncio.run(_apply(volumes))
        yield {"storage_class": name}
    finally:
        asyncio.run(_delete(volumes))
        shutil.rmtree(folder, ignore_errors=True)


async def _for_root_alone() -> bool:
    cluster = Cluster(settings_of())
    try:
        classes = await cluster.list("StorageClass")
    finally:
        await cluster.close()
    default = "storageclass.kubernetes.io/is-default-class"
    made_by = (c["provisioner"] for c in classes if c["metadata"].get("annotations", {}).get(default))
    return next(made_by, "") == _HOST_PATH


def _volume(name: str, folder: Path, storage_class: str) -> Object:
    folder.mkdir()
    folder.chmod(0o777)  # whoever the store runs as
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "50Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": storage_class,
            "hostPath": {"path": str(folder)},
        },
    }


async def _apply(volumes: list[Object]) -> None:
    cluster = Cluster(settings_of())
    try:
        for volume in volumes:
            await cluster.apply(volume)
    finally:
        await cluster.close()


async def _delete(volumes: list[Object]) -> None:
    cluster = Cluster(settings_of())
    try:
        for volume in volumes:
            await cluster.delete("PersistentVolume", volume["metadata"]["name"])
    finally:
        await cluster.close()


class ClusteredCopy(Copy):
    """A copy whose parts are pods."""

    def __init__(self, folder: Path, kubernetes: dict[str, Any], **environment: str) -> None:
        told = {
            f"XIONG_KUBERNETES__{name.upper()}": str(value) for name, value in kubernetes.items() if value
        }
        super().__init__(folder, XIONG_PLATFORM="kubernetes", **told, **environment)
        self.kubernetes = kubernetes

    def xiong(self, *words: str, timeout: float = 400, expect: int | None = 0) -> Ran:
        """As of any copy; pods take their time, and an image may be built and pulled for the first time."""
        return super().xiong(*words, timeout=timeout, expect=expect)

    def platform(self) -> KubernetesPlatform:
        flags = {"platform": "kubernetes", "state": self.state, "kubernetes": self.kubernetes}
        return KubernetesPlatform(load_settings(None, flags))

    @property
    def cluster(self) -> Cluster:
        """Asks about this copy's namespace."""
        return Cluster(self.platform()._settings.kubernetes)

    def objects(self, kind: str) -> list[Object]:
        return finished(self._list(kind))

    async def _list(self, kind: str) -> list[Object]:
        cluster = self.cluster
        try:
            return await cluster.list(kind)
        finally:
            await cluster.close()

    @property
    def door(self) -> Endpoint:
        """Where it is reached, and under which name."""
        return finished(self.platform().endpoint())

    def client(self, **arguments) -> httpx.AsyncClient:
        token = (self.state / "secrets" / "operator-token").read_text()
        headers = {"Authorization": f"Bearer {token}", "Host": str(self.door.server_name)}
        return httpx.AsyncClient(
            base_url=self.door.address, headers=headers, timeout=30, trust_env=False, **arguments
        )

    def release(self) -> str:
        async def asked() -> str:
            async with self.client() as client:
                return (await client.get("/api/v1/healthz")).json()["release"]

        return finished(asked())

    def remove(self) -> None:
        """The namespace goes with whoever made it."""
        shutil.rmtree(self.folder, ignore_errors=True)
