"""The local data stores' files and tools; see `platforms/stores.py` for the promise."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.local import archiving, commands, database, specs
from xiong.platforms.local.programs import Programs
from xiong.platforms.local.starting import LocalStarter
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.errors import SupervisorNotRunningError
from xiong.platforms.onehost import exchanging, gate, scratch
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.platforms.stores import KeptStore
from xiong.tools.store_access import StoreAccess

POSTGRES, VALKEY = specs.POSTGRES, specs.VALKEY


class LocalStores:
    """`Stores` over one state folder."""

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        secrets: HostSecrets,
        prepare: Callable[[], tuple[Programs, Ports]],
        start_of: Callable[[str], specs.Start],
    ) -> None:
        self._settings = settings
        self._layout = layout
        self._secrets = secrets
        self._prepare = prepare
        self._start_of = start_of

    async def lacks(self, store: str) -> str | None:
        database_away, cache_away = self._settings.database.url, self._settings.cache.url
        if (database_away if _known(store) == POSTGRES else cache_away) is None:
            return None
        name = {POSTGRES: "database", VALKEY: "cache"}[store]
        return f"{name}.url is set: the {name} is not ours, and its files are looked after where it runs"

    async def access(self, store: str, *, superuser: bool = False) -> StoreAccess:
        programs, ports = self._prepare()
        if _known(store) == VALKEY:
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

    async def named_secrets(self) -> dict[str, Secret]:
        return self._secrets.named()

    async def default_repository(self) -> str:
        return f"file://{self._layout.backups}"

    async def folder(self, store: str) -> Path:
        return {POSTGRES: self._layout.database, VALKEY: self._layout.cache}[_known(store)]

    async def free_bytes(self) -> int:
        return shutil.disk_usage(self._layout.store_root).free

    async def place(self, store: str, name: str) -> Path:
        folder = self._room(_known(store)) / f"{store}-{name}"
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        folder.parent.mkdir(mode=0o711, exist_ok=True)
        folder.mkdir(mode=0o700)
        await self.hand_over(store, folder)
        return folder

    async def initialise(self, folder: Path) -> None:
        tools, run_as = await self._server()
        await database.initialise(tools, folder, run_as, self._secrets.get("database-superuser"))

    async def sweep(self, name: str) -> None:
        for store in (POSTGRES, VALKEY):
            await asyncio.to_thread(exchanging.sweep, self._room(store), f"{store}-{name}")

    async def hand_over(self, store: str, folder: Path) -> None:
        _, run_as = await self._server()
        if store == POSTGRES and run_as is not None:
            await asyncio.to_thread(exchanging.own, folder, run_as)

    def scratch(
        self, store: str, folder: Path, options: Mapping[str, str]
    ) -> AbstractAsyncContextManager[StoreAccess]:
        if _known(store) == VALKEY:
            return self._scratch_cache(folder, options)
        return self._scratch_database(folder, options)

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
                    await supervisor.stop(_known(store))
        except SupervisorNotRunningError:
            return

    async def start(self, store: str) -> None:
        with suppress(SupervisorNotRunningError):  # `up` starts it with the rest, as after a reboot
            async with SupervisorClient(self._layout.root) as supervisor:
                await supervisor.start(_known(store))
                await supervisor.wait_ready(store, 60)

    async def exchange(self, store: str, folder: Path, name: str) -> None:
        live = await self.folder(store)
        await asyncio.to_thread(exchanging.exchange, live, folder, self._room(store) / f"{store}-{name}")

    async def kept(self) -> list[KeptStore]:
        rooms = {self._room(store) for store in (POSTGRES, VALKEY)}
        return await asyncio.to_thread(exchanging.kept, *rooms)

    async def forget(self, kept: KeptStore) -> None:
        await asyncio.to_thread(shutil.rmtree, kept.folder, ignore_errors=True)

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

    def _room(self, store: str) -> Path:
        """Where its other folders lie: on the file system of its live one, which may not be the other's."""
        live = {POSTGRES: self._layout.database, VALKEY: self._layout.cache}[store]
        return live.parent / self._layout.restores.name

    async def _server(self) -> tuple[Path, tuple[int, int] | None]:
        programs, _ = self._prepare()
        user = await database.server_user(self._settings.database.user)
        tools = database.readable_programs(programs.postgres, self._layout, user)
        return tools, None if user.uid is None or user.gid is None else (user.uid, user.gid)


def _known(store: str) -> str:
    if store not in {POSTGRES, VALKEY}:
        raise PlatformError(f"no data store {store}: expected {POSTGRES} or {VALKEY}")
    return store
