"""The Compose platform: `Platform` over a Docker engine, the shipped compose.yaml and images as releases."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.model.instance import Instance, ReplicaEvent
from xiong.model.memory import MemoryUse
from xiong.model.release import Release
from xiong.model.task import Task, TaskResult
from xiong.model.volume import Surplus
from xiong.platforms import rolling
from xiong.platforms.base import Endpoint, PlannedCommand, Progress
from xiong.platforms.compose import (
    commands,
    engine,
    logs,
    looking,
    monitoring,
    network,
    planning,
    services,
    tasks,
    tools,
)
from xiong.platforms.compose.composing import Composer
from xiong.platforms.compose.faults import ComposeFaults
from xiong.platforms.compose.images import ReleaseImages
from xiong.platforms.compose.project import Project, project_for, reader
from xiong.platforms.compose.replicas import ComposeReplicas, named_container, roll_pager
from xiong.platforms.compose.stores import ComposeStores
from xiong.platforms.onehost import front, volumes
from xiong.platforms.onehost.copy import OneHostCopy
from xiong.platforms.onehost.ports import ports_for
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools import host


class ComposePlatform(OneHostCopy):
    """One copy of the service as a Compose project, with one state folder on this machine."""

    name = "compose"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        published = self._layout.root / "service"
        self._secrets = HostSecrets(self._layout.secrets, published=published, reader=reader())

    @property
    def faults(self) -> ComposeFaults:
        return ComposeFaults(self._compose, self._images)

    @property
    def stores(self) -> ComposeStores:
        return ComposeStores(self._settings, self._layout, self._secrets, self._compose)

    async def preflight(self) -> list[str]:
        self._layout.make()
        faults = await engine.lacking()
        if faults:
            return faults
        await self._compose()
        return [*volumes.too_little(self._settings, self._layout), *services.faults(self._settings)]

    async def plan(self, release: Release | None, replicas: int) -> list[PlannedCommand]:
        return planning.plan(await self._compose(), release, replicas)

    async def start_services(self, progress: Progress) -> None:
        await services.start(await self._compose(), self._images(), self._secrets, progress)

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
        composer = await self._compose()
        # First, since a release that cannot call for help must not serve.
        await roll_pager(composer, release)
        async with aclosing(rolling.roll(ComposeReplicas(composer), release, replicas)) as events:
            async for event in events:
                yield event

    async def replace(
        self, instance: str, release: Release, *, grace_seconds: float | None = None
    ) -> AsyncGenerator[ReplicaEvent, None]:
        driver = ComposeReplicas(await self._compose(), grace_seconds)
        async with aclosing(rolling.replace(driver, instance, release)) as events:
            async for event in events:
                yield event

    async def instances(self, service: str | None = None) -> list[Instance]:
        project = self._present()
        return await looking.instances(project, service) if project else []

    async def restart(self, instance: str, *, grace_seconds: float | None = None) -> None:
        composer = await self._compose()
        container = await named_container(composer, instance)
        if grace_seconds is None:
            await rolling.drain_if_serving(ComposeReplicas(composer), instance)
        await engine.call(commands.restart(container.id, grace_seconds), f"restarting {instance}")
        await tasks.await_well(composer, instance)

    async def start(self, instance: str) -> None:
        composer = await self._compose()
        container = await named_container(composer, instance)
        if not container.running:
            await engine.call(commands.start(container.id), f"starting {instance}")
        await tasks.await_well(composer, instance)

    async def admit(self, instance: str) -> None:
        driver = ComposeReplicas(await self._compose())
        await driver.admit(await rolling.named(driver, instance))

    async def kill(self, instance: str, signal: int) -> None:
        container = await named_container(await self._compose(), instance)
        await engine.call(commands.signal(container.id, signal), f"signal {signal} to {instance}")

    async def start_monitoring(self, progress: Progress) -> None:
        await monitoring.start(await self._compose(), progress)

    async def announce(self) -> None:
        project = self._present()
        if project is not None:
            monitoring.announce(project, await looking.instances(project))

    async def memory(self) -> MemoryUse | None:
        return MemoryUse(*host.memory())

    async def reclaim(
        self, keep: Collection[str], volumes: Collection[str], *, dry_run: bool
    ) -> list[Surplus]:
        return await tasks.reclaim(self._images(), keep, volumes, dry_run=dry_run)

    async def stop(self, *, purge: bool, progress: Progress) -> None:
        if self._present() is not None:
            composer = await self._compose()
            progress("stopping every container")
            await tasks.stop_everything(composer)
            if purge:
                progress("deleting the images of this copy")
                await self._images().remove_all()
        if purge:
            progress(f"deleting {self._layout.root}")
            for folder in {self._layout.store_root, self._layout.root}:
                shutil.rmtree(folder, ignore_errors=True)

    async def survive_reboot(self) -> str:
        return await tasks.survive_reboot()

    async def logs(self, service: str | None, *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
        project = self._present()
        everybody = await engine.containers(project.name) if project else []
        wanted = [c for c in everybody if service in {None, c.service, looking.service_of(c.service)}]
        async for line in logs.lines(wanted, follow=follow):
            yield line

    async def run_task(self, release: Release, task: Task) -> TaskResult:
        return await tasks.run(await self._compose(), self._secrets, release, task)

    async def run_store_tool(self, store: str, argv: Sequence[str], stdin: bytes = b"") -> TaskResult:
        if store != "postgres":
            raise PlatformError(f"the data store {store} has no client tools here: expected postgres")
        password = self._secrets.get("database-superuser")
        return await tasks.psql(await self._compose(), password, argv, stdin)

    async def publish_secrets(self) -> None:
        services.publish((await self._compose()).project, self._secrets)

    async def store_url(self, store: str) -> Secret:
        project = (await self._compose()).project
        return self._secrets.store_url(store, self._settings, project.network.stores)

    async def versions(self) -> dict[str, str]:
        return await tasks.versions(await self._compose())

    async def endpoint(self) -> Endpoint:
        port = ports_for(self._settings, self._layout.ports).proxy
        found = front.endpoint(self._settings.proxy, self._secrets, port)
        project = self._present()
        if project is None or not tools.in_a_container():
            return found
        # The machine's loopback is not ours: the proxy is reached where it stands.
        scheme = "https" if self._settings.proxy.host else "http"
        address = f"{scheme}://{project.network.front('proxy')}:{network.PROXY_PORT}"
        return replace(found, address=address)

    async def _compose(self) -> Composer:
        self._layout.make()
        chosen = await network.choose(self._settings.compose, self._layout.root / "network.json")
        ports = ports_for(self._settings, self._layout.ports)
        project = project_for(self._settings, self._layout, chosen, ports)
        return Composer(project, self._secrets, self._images())

    def _present(self) -> Project | None:
        """The project, where this copy was ever brought up."""
        kept = network.kept(self._layout.root / "network.json")
        if kept is None:
            return None
        return project_for(self._settings, self._layout, kept, ports_for(self._settings, self._layout.ports))

    def _images(self) -> ReleaseImages:
        return ReleaseImages(self._settings, self._records, f"xiong-{self._layout.deployment_id[:10]}")
