"""What both platforms of one machine do alike with the stores' folders: make room, exchange, keep, delete."""

from __future__ import annotations

import asyncio
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.onehost import exchanging
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.platforms.stores import KeptStore
from xiong.tools.store_access import StoreAccess

POSTGRES, VALKEY = "postgres", "valkey"


class StoreFolders(ABC):
    """Part of `Stores` over one state folder; a platform's own is built on it."""

    def __init__(self, settings: Settings, layout: Layout, secrets: HostSecrets) -> None:
        self._settings = settings
        self._layout = layout
        self._secrets = secrets

    async def lacks(self, store: str) -> str | None:
        away = self._settings.database.url if known(store) == POSTGRES else self._settings.cache.url
        if away is None:
            return None
        name = {POSTGRES: "database", VALKEY: "cache"}[store]
        return f"{name}.url is set: the {name} is not ours, and its files are looked after where it runs"

    async def named_secrets(self) -> dict[str, Secret]:
        return self._secrets.named()

    async def default_repository(self) -> str:
        return f"file://{self._layout.backups}"

    async def folder(self, store: str) -> Path:
        return {POSTGRES: self._layout.database, VALKEY: self._layout.cache}[known(store)]

    async def free_bytes(self) -> int:
        return shutil.disk_usage(self._layout.store_root).free

    async def place(self, store: str, name: str) -> Path:
        folder = self._room(known(store)) / f"{store}-{name}"
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        folder.parent.mkdir(mode=0o711, exist_ok=True)
        folder.mkdir(mode=0o700)
        await self.hand_over(store, folder)
        return folder

    @abstractmethod
    async def hand_over(self, store: str, folder: Path) -> None:
        """Makes the store's server the owner of everything in a folder."""

    def scratch(
        self, store: str, folder: Path, options: Mapping[str, str]
    ) -> AbstractAsyncContextManager[StoreAccess]:
        if known(store) == VALKEY:
            return self._scratch_cache(folder, options)
        return self._scratch_database(folder, options)

    @abstractmethod
    def _scratch_database(
        self, folder: Path, options: Mapping[str, str]
    ) -> AbstractAsyncContextManager[StoreAccess]:
        """A second PostgreSQL on that folder."""

    @abstractmethod
    def _scratch_cache(
        self, folder: Path, options: Mapping[str, str]
    ) -> AbstractAsyncContextManager[StoreAccess]:
        """A second Valkey on that folder."""

    async def sweep(self, name: str) -> None:
        for store in (POSTGRES, VALKEY):
            await asyncio.to_thread(exchanging.sweep, self._room(store), f"{store}-{name}")

    async def exchange(self, store: str, folder: Path, name: str) -> None:
        live = await self.folder(store)
        await asyncio.to_thread(exchanging.exchange, live, folder, self._room(store) / f"{store}-{name}")

    async def kept(self) -> list[KeptStore]:
        rooms = {self._room(store) for store in (POSTGRES, VALKEY)}
        return await asyncio.to_thread(exchanging.kept, *rooms)

    async def forget(self, kept: KeptStore) -> None:
        await asyncio.to_thread(shutil.rmtree, kept.folder, ignore_errors=True)

    def _room(self, store: str) -> Path:
        """Where its other folders lie: on the file system of its live one, which may not be the other's."""
        live = {POSTGRES: self._layout.database, VALKEY: self._layout.cache}[store]
        return live.parent / self._layout.restores.name


def known(store: str) -> str:
    """The name itself.

    Raises:
        PlatformError: no such store.
    """
    if store not in {POSTGRES, VALKEY}:
        raise PlatformError(f"no data store {store}: expected {POSTGRES} or {VALKEY}")
    return store
