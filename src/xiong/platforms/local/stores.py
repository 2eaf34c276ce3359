"""The local data stores' files and tools; see `platforms/stores.py` for the promise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from xiong.config.settings import Settings
from xiong.platforms.local import archiving, commands, database, specs
from xiong.platforms.local.programs import Programs
from xiong.platforms.local.starting import LocalStarter
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.errors import SupervisorNotRunningError
from xiong.platforms.onehost import exchanging, gate, scratch
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.platforms.onehost.store_folders import POSTGRES, VALKEY, StoreFolders, known
from xiong.tools.store_access import StoreAccess


class LocalStores(StoreFolders):
    """`Stores` over one state folder."""

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        secrets: HostSecrets,
        prepare: Callable[[], tuple[Programs, Ports]],
        start_of: Callable[[str], specs.Start],
    ) -> None:
        super().__init__(settings, layout, secrets)
        self._prepare = prepare
        self._start_of = start_of

    async def access(self, store: str, *, superuser: bool = False) -> StoreAccess:
        programs, ports = self._prepare()
        if known(store) == VALKEY:
            password = self._secrets.get("cache")
            return StoreAccess("127.0.0.1", ports.cache, "", password, "0", programs.valkey.parent, None)
        tools, run_as = await self._server()
        role, name = ("superuser", commands.SUPERUSER) if superuser else ("backup", "xiongichat_backup")
        password = self._secrets.get(f"database-{role}")
        return StoreAccess("127.0.0.1", ports.database, name, password, commands.DATABASE, tools, run_as)

    async def wal_spool(self) -> Path:
        self._layout.wal.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._layout.wal

    async def receive_log(self, progress: Callable[[str], None]) -> None:
        async with SupervisorClient(self._layout.root) as supervisor:
            await archiving.start(supervisor, self._settings, self._layout, self, progress)

    async def hold_log(self) -> None:
        async with SupervisorClient(self._layout.root) as supervisor:
            if any(child.name == specs.WAL for child in await supervisor.list()):
                await supervisor.stop(specs.WAL)

    async def initialise(self, folder: Path) -> None:
        tools, run_as = await self._server()
        await database.initialise(tools, folder, run_as, self._secrets.get("database-superuser"))

    async def hand_over(self, store: str, folder: Path) -> None:
        _, run_as = await self._server()
        if store == POSTGRES and run_as is not None:
            await asyncio.to_thread(exchanging.own, folder, run_as)

    @asynccontextmanager
    async def _scratch_database(self, folder: Path, options: Mapping[str, str]) -> AsyncIterator[StoreAccess]:
        async with scratch.postgres(await self._starter(), folder, options) as access:
            yield access

    @asynccontextmanager
    async def _scratch_cache(self, folder: Path, options: Mapping[str, str]) -> AsyncIterator[StoreAccess]:
        password, settings = self._secrets.get("cache"), self._settings.cache
        starter = await self._starter()
        async with scratch.valkey(starter, folder, str(folder), password, settings, options) as access:
            yield access

    async def gate(self, *, closed: bool) -> None:
        if not closed:
            await gate.open_again(self._layout)
            return
        with suppress(SupervisorNotRunningError):  # where nothing runs nobody gets in
            async with SupervisorClient(self._layout.root) as supervisor:
                children = await supervisor.list()
                await gate.close(self._layout, [c.name for c in children if c.service == specs.API])

    async def stop(self, store: str) -> None:
        try:
            async with SupervisorClient(self._layout.root) as supervisor:
                if any(child.name == store for child in await supervisor.list()):
                    await supervisor.stop(known(store))
        except SupervisorNotRunningError:
            return

    async def start(self, store: str) -> None:
        with suppress(SupervisorNotRunningError):  # `up` starts it with the rest, as after a reboot
            async with SupervisorClient(self._layout.root) as supervisor:
                await supervisor.start(known(store))
                await supervisor.wait_ready(store, 60)

    @asynccontextmanager
    async def trial_service(
        self, release: str, postgres: StoreAccess, valkey: StoreAccess
    ) -> AsyncIterator[str]:
        password = self._secrets.get("database-app")
        starter = await self._starter(self._start_of(release))
        async with scratch.service(starter, postgres, password, valkey, self._settings) as url:
            yield url

    async def _starter(self, release: specs.Start | None = None) -> LocalStarter:
        programs, _ = self._prepare()
        tools, run_as = await self._server()
        return LocalStarter(self._settings, tools, programs.valkey, run_as, release)

    async def _server(self) -> tuple[Path, tuple[int, int] | None]:
        programs, _ = self._prepare()
        user = await database.server_user(self._settings.database.user)
        tools = database.readable_programs(programs.postgres, self._layout, user)
        return tools, None if user.uid is None or user.gid is None else (user.uid, user.gid)
