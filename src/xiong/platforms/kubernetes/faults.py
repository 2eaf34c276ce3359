"""Faults of a copy in a cluster, made on purpose and mended; see `platforms/faults.py` for the promise."""

from __future__ import annotations

from collections.abc import Callable

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.model.release import Release
from xiong.platforms.faults import Fault
from xiong.platforms.kubernetes import manifests
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.images import ReleaseImages

_POLICY = ("NetworkPolicy", "postgres")
_LACKING = {
    Fault.FREEZE: "no process of a pod can be stopped in its tracks: the API server has no such request",
    Fault.FILL_DISK: "a pod's volumes are the cluster's, and no small one of our own can be put among them",
}


class ClusterFaults:
    """`Faults` by what the API server offers: a policy that lets nobody in."""

    def __init__(self, cluster: Cluster, settings: Settings, images: Callable[[], ReleaseImages]) -> None:
        self._cluster = cluster
        self._settings = settings
        self._images = images

    async def lacks(self, fault: Fault) -> str | None:
        if fault is Fault.CUT_OFF and self._settings.database.url is not None:
            return "the database is not ours: cut its network off where it runs"
        if fault is Fault.CUT_OFF and self._policy() is None:
            return "the manifests have no NetworkPolicy postgres"
        if fault is Fault.VARY and not self._settings.kubernetes.registry:
            return "a changed image needs kubernetes.registry"
        return _LACKING.get(fault)

    async def freeze(self, instance: str) -> None:
        raise PlatformError(f"{instance} cannot be frozen: {_LACKING[Fault.FREEZE]}")

    async def thaw(self, instance: str) -> None:
        """Nothing is ever frozen here."""

    async def cut_off_database(self) -> None:
        await self._cluster.patch(*_POLICY, {"spec": {"ingress": []}})

    async def reconnect_database(self) -> None:
        policy = self._policy()
        if policy is not None:
            await self._cluster.apply(policy)

    async def fill_disk(self) -> str:
        raise PlatformError(f"no disk can be filled: {_LACKING[Fault.FILL_DISK]}")

    async def empty_disk(self) -> None:
        """Nothing is ever filled here."""

    async def vary(self, release: Release, appended: str) -> Release:
        return await self._images().vary(release, appended)

    def _policy(self) -> Object | None:
        found = manifests.load(self._settings.kubernetes)
        return next((o for o in found if (o["kind"], o["metadata"]["name"]) == _POLICY), None)
