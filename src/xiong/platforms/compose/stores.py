"""The data stores' files and tools where they run in containers; the promise is in `platforms/stores.py`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from xiong.config.settings import Settings
from xiong.errors import XiongError
from xiong.platforms.compose import commands, engine, looking, services, tools
from xiong.platforms.compose.composing import Composer
from xiong.platforms.compose.project import Project, service_user
from xiong.platforms.compose.starting import INSIDE_CACHE, ComposeStarter
from xiong.platforms.onehost import exchanging, gate, scratch
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.platforms.onehost.store_folders import POSTGRES, VALKEY, StoreFolders, known
from xiong.tools.store_access import StoreAccess

WAL = "wal"


class ComposeStores(StoreFolders):
    """`Stores` over the folders that the containers mount."""

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        secrets: HostSecrets,
        compose: Callable[[], Awaitable[Composer]],
    ) -> None:
        super().__init__(settings, layout, secrets)
        self._compose = compose

    async def _project(self) -> Project:
        return (await self._compose()).project

    async def access(self, store: str, *, superuser: bool = False) -> StoreAccess:
        project = await self._project()
        programs = await asyncio.to_thread(tools.programs, project, known(store))
        shared = project.folder
        if store == VALKEY:
            host, port = project.network.stores.cache
            return StoreAccess(host, port, "", self._secrets.get("cache"), "0", programs, None, shared)
        host, port = project.network.stores.database
        role, name = ("superuser", scratch.SUPERUSER) if superuser else ("backup", "xiongichat_backup")
        password = self._secrets.get(f"database-{role}")
        return StoreAccess(host, port, name, password, scratch.DATABASE, programs, None, shared)

    async def wal_spool(self) -> Path:
        return self._layout.wal

    async def receive_log(self, progress: Callable[[str], None]) -> None:
        composer = await self._compose()
        if not composer.project.settings.streams_log:
            await self._remove(WAL)
            return
        try:
            await composer.up([WAL])
            progress(f"{WAL} runs")
        except XiongError as error:
            progress(f"the write-ahead log is not received: {error.message}")

    async def hold_log(self) -> None:
        await self.stop(WAL)

    async def initialise(self, folder: Path) -> None:
        project = await self._project()
        start = ComposeStarter(project).initialise(folder, project.database_files)
        await engine.call(start, "making an empty database")

    async def hand_over(self, store: str, folder: Path) -> None:
        if os.geteuid() == 0:
            project = await self._project()
            user = project.database_user if store == POSTGRES else service_user()
            await asyncio.to_thread(exchanging.own, folder, user)

    @asynccontextmanager
    async def _scratch_database(self, folder: Path, options: Mapping[str, str]) -> AsyncIterator[StoreAccess]:
        async with scratch.postgres(ComposeStarter(await self._project()), folder, options) as access:
            yield access

    @asynccontextmanager
    async def _scratch_cache(self, folder: Path, options: Mapping[str, str]) -> AsyncIterator[StoreAccess]:
        project = await self._project()
        await self.hand_over(VALKEY, folder)
        password, cache = self._secrets.get("cache"), project.settings.cache
        starter = ComposeStarter(project)
        async with scratch.valkey(starter, folder, INSIDE_CACHE, password, cache, options) as access:
            yield access

    async def gate(self, *, closed: bool) -> None:
        project = await self._project()
        if not closed:
            await gate.open_again(project.layout)
            return
        replicas = [one.name for one in await looking.instances(project, "api")]
        if replicas:  # where nothing runs nobody gets in
            await gate.close(project.layout, replicas)

    async def stop(self, store: str) -> None:
        container = await self._container(store)
        if container is not None and container.state not in {"exited", "created"}:
            await engine.call(commands.stop(container.id), f"stopping {store}")

    async def start(self, store: str) -> None:
        container = await self._container(known(store))
        if container is None:
            return  # `up` starts it with the rest
        await engine.call(commands.start(container.id), f"starting {store}")
        await services.await_up(await self._project(), store)

    async def exchange(self, store: str, folder: Path, name: str) -> None:
        live = await self.folder(store)
        if live.is_dir() and not any(live.iterdir()):
            live.rmdir()  # made empty by `up`, for the container to mount: it is no data
        await super().exchange(store, folder, name)

    @asynccontextmanager
    async def trial_service(
        self, release: str, postgres: StoreAccess, valkey: StoreAccess
    ) -> AsyncIterator[str]:
        composer = await self._compose()
        starter = ComposeStarter(composer.project, composer.slot(release), composer.environment(release))
        password = self._secrets.get("database-app")
        async with scratch.service(starter, postgres, password, valkey, composer.project.settings) as url:
            yield url

    async def _container(self, name: str) -> engine.Container | None:
        project = await self._project()
        return next((c for c in await engine.containers(project.name) if c.service == name), None)

    async def _remove(self, name: str) -> None:
        container = await self._container(name)
        if container is not None:
            await engine.call(commands.remove(container.id), f"removing {name}")
