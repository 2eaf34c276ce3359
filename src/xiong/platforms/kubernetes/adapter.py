"""The Kubernetes platform: `Platform` over one namespace, the shipped manifests and images as releases."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.model.instance import Instance, ReplicaEvent
from xiong.model.lease import Lease
from xiong.model.memory import MemoryUse
from xiong.model.release import Release
from xiong.model.task import Task, TaskResult
from xiong.model.volume import Surplus, Volume
from xiong.platforms.base import Endpoint, PlannedCommand, Progress
from xiong.platforms.kubernetes import (
    ending,
    endpoint,
    leading,
    logs,
    looking,
    planning,
    services,
    tasks,
    watching,
)
from xiong.platforms.kubernetes.cluster import Cluster
from xiong.platforms.kubernetes.faults import ClusterFaults
from xiong.platforms.kubernetes.images import ReleaseImages
from xiong.platforms.kubernetes.lease import ClusterLease
from xiong.platforms.kubernetes.objects import Running
from xiong.platforms.kubernetes.records import ClusterRecords
from xiong.platforms.kubernetes.rendering import Rendering
from xiong.platforms.kubernetes.rollout import Roller
from xiong.platforms.kubernetes.secrets import ClusterSecrets
from xiong.platforms.kubernetes.stores import ClusterStores
from xiong.platforms.onehost.layout import layout_for
from xiong.platforms.onehost.secrets import PASSWORDS
from xiong.tools.clock import Clock


class KubernetesPlatform:
    """One copy of the service in one namespace; a state folder here holds its secrets for this machine."""

    name = "kubernetes"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layout = layout_for(settings.state)
        self._cluster = Cluster(settings.kubernetes)
        self._records = ClusterRecords(self._cluster)
        self._lease = ClusterLease(self._cluster)
        self._secrets = ClusterSecrets(self._cluster, self._layout, settings)
        self._roller = Roller(self._cluster, settings)
        self._rendering = Rendering(settings, self._cluster, self._secrets)

    @property
    def records(self) -> ClusterRecords:
        return self._records

    @property
    def faults(self) -> ClusterFaults:
        return ClusterFaults(self._cluster, self._settings, self._images)

    @property
    def stores(self) -> ClusterStores:
        return ClusterStores()

    async def preflight(self) -> list[str]:
        self._layout.make()
        return await services.lacking(self._cluster, self._settings)

    async def plan(self, release: Release | None, replicas: int) -> list[PlannedCommand]:
        return planning.plan(self._rendering.shipped(), self._settings, release, replicas)

    async def start_services(self, progress: Progress) -> None:
        found = self._rendering.shipped()
        await services.start(self._cluster, found, self._secrets, self._settings, progress)

    async def stage(self, source: Path | str, progress: Progress) -> Release:
        images = self._images()
        if isinstance(source, Path):
            return await images.build(source, progress)
        return await images.fetch(source, progress)

    async def releases(self) -> list[Release]:
        return await self._images().all()

    async def discard(self, release_id: str) -> None:
        await self._images().discard(release_id)

    async def apply(self, release: Release, replicas: int) -> AsyncGenerator[ReplicaEvent, None]:
        image = await self._images().reference(release.id)
        pager, api = await self._rendering.release(release.id, image)
        autoscaler = self._rendering.autoscaler()
        async with aclosing(self._roller.apply(pager, api, autoscaler, replicas)) as events:
            async for event in events:
                yield event

    async def replace(
        self, instance: str, release: Release, *, grace_seconds: float | None = None
    ) -> AsyncGenerator[ReplicaEvent, None]:
        image = await self._images().reference(release.id)
        _, api = await self._rendering.release(release.id, image)
        async with aclosing(self._roller.replace(instance, api, grace_seconds)) as events:
            async for event in events:
                yield event

    async def instances(self, service: str | None = None) -> list[Instance]:
        return await looking.instances(self._cluster, service)

    async def restart(self, instance: str, *, grace_seconds: float | None = None) -> None:
        await self._roller.restart(instance, grace_seconds)

    async def start(self, instance: str) -> None:
        await self._roller.start(instance)

    async def admit(self, instance: str) -> None:
        await looking.pod_named(self._cluster, instance)  # its readiness lets it in, and nothing else

    async def kill(self, instance: str, signal: int) -> None:
        await self._roller.kill(instance, signal)

    async def start_monitoring(self, progress: Progress) -> None:
        found = self._rendering.shipped()
        await watching.start(self._cluster, found, self._images(), self._settings, progress)

    def lead(self, part: str, clock: Clock) -> AbstractAsyncContextManager[None]:
        return leading.lead(self._cluster, part, clock)

    async def announce(self) -> None:
        """The cluster's own discovery finds each pod."""

    async def volumes(self) -> list[Volume]:
        return []  # they are the cluster's, and its own monitoring tells how full they are

    async def memory(self) -> MemoryUse | None:
        return None  # each pod has its limit, and the nodes are the cluster's

    async def reclaim(
        self, keep: Collection[str], volumes: Collection[str], *, dry_run: bool
    ) -> list[Surplus]:
        return []  # the nodes tidy up images and logs by themselves

    async def stop(self, *, purge: bool, progress: Progress) -> None:
        await ending.stop(self._cluster, progress)
        if purge:
            await ending.purge(self._cluster, progress)
            progress(f"deleting {self._layout.root}")
            for folder in {self._layout.store_root, self._layout.root}:
                shutil.rmtree(folder, ignore_errors=True)

    async def survive_reboot(self) -> str:
        return "the cluster starts every pod of this copy again by itself, also after a node was lost"

    async def logs(self, service: str | None, *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
        async for line in logs.lines(self._cluster, service, follow=follow):
            yield line

    async def run_task(self, release: Release, task: Task) -> TaskResult:
        return await self._run(release.id, await self._images().reference(release.id), task)

    async def run_store_tool(self, store: str, argv: Sequence[str], stdin: bytes = b"") -> TaskResult:
        if store != "postgres":
            raise PlatformError(f"the data store {store} has no client tools here: expected postgres")
        return await tasks.psql(self._cluster, argv, stdin)

    async def secret(self, name: str) -> Secret:
        if name not in PASSWORDS:
            raise PlatformError(f"no secret {name} is kept here: expected one of {', '.join(PASSWORDS)}")
        return await self._secrets.get(name)

    async def kept_secret(self, name: str) -> Secret | None:
        return (await self._secrets.host()).kept(name)

    async def keep_secret(self, name: str, value: Secret) -> None:
        await self._secrets.keep(name, value)

    async def drop_secret(self, name: str) -> None:
        await self._secrets.drop(name)

    async def publish_secrets(self) -> None:
        await self._secrets.publish()

    async def store_url(self, store: str) -> Secret:
        return await self._secrets.store_url(store, await services.addresses(self._cluster, store))

    async def secrets(self) -> list[Secret]:
        return (await self._secrets.host()).everything()

    async def versions(self) -> dict[str, str]:
        return await services.versions(self._cluster, self._rendering.shipped())

    async def endpoint(self) -> Endpoint:
        host = await self._secrets.host()
        return await endpoint.endpoint(self._cluster, self._rendering.shipped(), self._settings, host)

    async def take_lease(self, wanted: Lease) -> Lease:
        return await self._lease.take(wanted)

    async def read_lease(self) -> Lease | None:
        return await self._lease.read()

    async def drop_lease(self, token: str) -> None:
        await self._lease.drop(token)

    def _images(self) -> ReleaseImages:
        return ReleaseImages(self._settings, self._records, self._run)

    async def _run(self, release_id: str, image: str, task: Task) -> TaskResult:
        return await tasks.run(self._cluster, self._rendering.shipped(), Running(release_id, image, ""), task)
