"""The local platform: `Platform` over our supervisor, the wheels' servers and release folders."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.errors import PlatformError
from xiong.model.instance import Instance, ReplicaEvent
from xiong.model.memory import MemoryUse
from xiong.model.release import Release
from xiong.model.task import Task, TaskResult
from xiong.model.volume import Surplus
from xiong.platforms import rolling
from xiong.platforms.base import Endpoint, PlannedCommand, Progress
from xiong.platforms.collectors import find_collectors
from xiong.platforms.local import (
    commands,
    database,
    logs,
    monitoring,
    pagers,
    planning,
    resident,
    services,
    specs,
    surplus,
    systemd,
    tasks,
    versions,
)
from xiong.platforms.local.faults import LocalFaults
from xiong.platforms.local.programs import Programs, find_programs
from xiong.platforms.local.releases import ReleaseFolders
from xiong.platforms.local.replicas import LocalReplicas, as_instance
from xiong.platforms.local.stores import LocalStores
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.errors import SupervisorNotRunningError
from xiong.platforms.local.supervision.spec import ChildStatus, ProcessSpec
from xiong.platforms.onehost import front, servers, task_files
from xiong.platforms.onehost.copy import OneHostCopy
from xiong.platforms.onehost.ports import Ports, ports_for


class LocalPlatform(OneHostCopy):
    """One copy of the service as plain processes below one state folder."""

    name = "local"

    @property
    def faults(self) -> LocalFaults:
        return LocalFaults(self._settings, self._layout, lambda: self._prepare()[1], self._folders)

    @property
    def stores(self) -> LocalStores:
        return LocalStores(self._settings, self._layout, self._secrets, self._prepare, self.start_of)

    def _prepare(self) -> tuple[Programs, Ports]:
        self._layout.make()
        return find_programs(), ports_for(self._settings, self._layout.ports)

    async def preflight(self) -> list[str]:
        self._layout.make()
        faults = services.faults(self._settings, self._layout)
        try:
            _, ports = self._prepare()
            faults += services.foreign_ports(ports, self._layout.logs)
        except PlatformError as error:
            faults.append(f"{error.message} ({error.hint})" if error.hint else error.message)
        return faults

    async def start_services(self, progress: Progress) -> None:
        programs, ports = self._prepare()
        await services.start(self._settings, self._layout, ports, programs, self._secrets, progress)

    async def plan(self, release: Release | None, replicas: int) -> list[PlannedCommand]:
        programs, ports = self._prepare()
        python = self._folders().python(release.id) if release else Path("RELEASE/bin/python")
        return planning.plan(self._settings, self._layout, ports, programs, python, replicas)

    async def stage(self, source: Path | str, progress: Progress) -> Release:
        folders = self._folders()
        if isinstance(source, Path):
            return await folders.build(source, progress)
        return folders.get(source)

    async def releases(self) -> list[Release]:
        return self._folders().all()

    async def discard(self, release_id: str) -> None:
        self._folders().discard(release_id)

    async def apply(self, release: Release, replicas: int) -> AsyncGenerator[ReplicaEvent, None]:
        async with SupervisorClient(self._layout.root) as supervisor:
            # First, since a release that cannot call for help must not serve.
            await pagers.roll(supervisor, self._pager_spec(release, self._prepare()[1]), release)
            async with aclosing(rolling.roll(self._replicas(supervisor), release, replicas)) as events:
                async for event in events:
                    yield event

    async def replace(
        self, instance: str, release: Release, *, grace_seconds: float | None = None
    ) -> AsyncGenerator[ReplicaEvent, None]:
        async with SupervisorClient(self._layout.root) as supervisor:
            driver = self._replicas(supervisor, grace_seconds)
            async with aclosing(rolling.replace(driver, instance, release)) as events:
                async for event in events:
                    yield event

    async def instances(self, service: str | None = None) -> list[Instance]:
        return [
            as_instance(c, self._layout.holds) for c in await self._children() if service in {None, c.service}
        ]

    async def restart(self, instance: str, *, grace_seconds: float | None = None) -> None:
        async with SupervisorClient(self._layout.root) as supervisor:
            if grace_seconds is None:
                await rolling.drain_if_serving(self._replicas(supervisor), instance)
            await supervisor.restart(instance, grace=grace_seconds)
            await supervisor.wait_ready(instance, self._settings.deploy.ready_seconds)

    async def start(self, instance: str) -> None:
        async with SupervisorClient(self._layout.root) as supervisor:
            await supervisor.start(instance)
            await supervisor.wait_ready(instance, self._settings.deploy.ready_seconds)

    async def admit(self, instance: str) -> None:
        async with SupervisorClient(self._layout.root) as supervisor:
            driver = self._replicas(supervisor)
            await driver.admit(await rolling.named(driver, instance))

    async def kill(self, instance: str, signal: int) -> None:
        async with SupervisorClient(self._layout.root) as supervisor:
            await supervisor.signal(instance, signal)

    async def start_monitoring(self, progress: Progress) -> None:
        async with SupervisorClient(self._layout.root) as supervisor:
            await monitoring.start(supervisor, self._settings, self._layout, self._prepare()[1], progress)

    async def announce(self) -> None:
        _, ports = self._prepare()
        monitoring.announce(self._layout, ports, await self._children())

    async def memory(self) -> MemoryUse | None:
        return await resident.memory(await self._children())

    async def reclaim(
        self, keep: Collection[str], volumes: Collection[str], *, dry_run: bool
    ) -> list[Surplus]:
        return surplus.reclaim(self._layout, self._folders(), keep, volumes, dry_run=dry_run)

    async def stop(self, *, purge: bool, progress: Progress) -> None:
        with contextlib.suppress(SupervisorNotRunningError):
            async with SupervisorClient(self._layout.root) as supervisor:
                progress("stopping every process")
                await supervisor.shutdown(stop_children=True)
        if purge:
            progress(f"deleting {self._layout.root}")
            services.purge(self._layout)

    async def survive_reboot(self) -> str:
        return await systemd.install(self._layout)

    async def logs(self, service: str | None, *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
        async for line in logs.lines(self._layout.logs, service, follow=follow):
            yield line

    async def run_task(self, release: Release, task: Task) -> TaskResult:
        with task_files.folder(task) as private:
            owner = self._secrets.owner_file(self._settings, self._prepare()[1].stores)
            return await tasks.run(self.start_of(release.id), owner, task.placed(str(private)))

    async def run_store_tool(self, store: str, argv: Sequence[str], stdin: bytes = b"") -> TaskResult:
        if store != "postgres":
            raise PlatformError(f"the data store {store} has no client tools here: expected postgres")
        programs, ports = self._prepare()
        user = await database.server_user(self._settings.database.user)
        tools = database.readable_programs(programs.postgres, self._layout, user)
        environment = commands.database_client_environment(
            ports.database, self._secrets.get("database-superuser").reveal()
        )
        return await tasks.tool([str(tools / argv[0]), *argv[1:]], environment, stdin)

    async def publish_secrets(self) -> None:
        services.publish(self._settings, self._layout, self._prepare()[1], self._secrets)

    async def store_url(self, store: str) -> Secret:
        return self._secrets.store_url(store, self._settings, self._prepare()[1].stores)

    async def versions(self) -> dict[str, str]:
        return await versions.all_of(find_programs(), find_collectors())

    async def endpoint(self) -> Endpoint:
        return front.endpoint(self._settings.proxy, self._secrets, self._prepare()[1].proxy)

    def start_of(self, release_id: str) -> specs.Start:
        """With what a process of that release is started here."""
        _, ports = self._prepare()
        secret_files = self._secrets.service_files(self._settings, ports.stores)
        paging = self._settings.paging.file
        seen = servers.service_environment(
            self._settings,
            {name: str(file) for name, file in secret_files.items()},
            deployment_id=self._layout.deployment_id,
            spool=str(self._layout.spool),
            paging_file=str(paging.absolute()) if paging else "",
            release_id=release_id,
            public_url=front.endpoint(self._settings.proxy, self._secrets, ports.proxy).url,
        )
        environment = commands.release_environment(seen, self._folders().site(release_id))
        digest = self._secrets.digest(secret_files)
        return specs.Start(release_id, self._folders().python(release_id), environment, digest)

    def _pager_spec(self, release: Release, ports: Ports) -> Callable[[int], ProcessSpec] | None:
        if not (self._folders().site(release.id) / "api" / "pager").is_dir():
            return None  # a release of before there was one
        start = self.start_of(release.id)
        return lambda slot: specs.pager(slot, start, self._settings, self._layout, ports)

    def _replicas(self, supervisor: SupervisorClient, grace_seconds: float | None = None) -> LocalReplicas:
        _, ports = self._prepare()
        return LocalReplicas(supervisor, self._settings, self._layout, ports, self.start_of, grace_seconds)

    def _folders(self) -> ReleaseFolders:
        return ReleaseFolders(self._layout, find_programs())

    async def _children(self) -> list[ChildStatus]:
        try:
            async with SupervisorClient(self._layout.root) as supervisor:
                return await supervisor.list()
        except SupervisorNotRunningError:
            return []
