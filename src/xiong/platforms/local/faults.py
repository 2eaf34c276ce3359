"""Faults of a local copy, made on purpose and mended; see `platforms/faults.py` for the promise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import psutil

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.model.release import Release
from xiong.platforms.faults import Fault
from xiong.platforms.local import cutting
from xiong.platforms.local.releases import ReleaseFolders
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.onehost import small_disk
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports


class LocalFaults:
    """`Faults` over one state folder."""

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        ports: Callable[[], Ports],
        releases: Callable[[], ReleaseFolders],
    ) -> None:
        self._settings = settings
        self._layout = layout
        self._ports = ports
        self._releases = releases

    async def lacks(self, fault: Fault) -> str | None:
        if fault is Fault.CUT_OFF:
            if self._settings.database.url is not None:
                return "the database is not ours: cut its network off where it runs"
            return await cutting.impossible()
        return small_disk.lacks() if fault is Fault.FILL_DISK else None

    async def freeze(self, instance: str) -> None:
        root = psutil.Process(await self._pid(instance))
        root.suspend()  # first, so that it starts no other meanwhile
        for child in root.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.suspend()

    async def thaw(self, instance: str) -> None:
        with contextlib.suppress(psutil.NoSuchProcess, PlatformError):
            root = psutil.Process(await self._pid(instance))
            for frozen in (*root.children(recursive=True), root):
                with contextlib.suppress(psutil.NoSuchProcess):
                    frozen.resume()

    async def _pid(self, instance: str) -> int:
        async with SupervisorClient(self._layout.root) as supervisor:
            found = next((c.pid for c in await supervisor.list() if c.name == instance), None)
        if found is None:
            raise PlatformError(f"{instance} does not run", hint="xiong status")
        return found

    async def cut_off_database(self) -> None:
        await cutting.cut_off(self._ports().database)

    async def reconnect_database(self) -> None:
        await cutting.reconnect(self._ports().database)

    async def fill_disk(self) -> str:
        return await small_disk.fill(self._layout)

    async def empty_disk(self) -> None:
        await small_disk.empty(self._layout)

    async def vary(self, release: Release, appended: str) -> Release:
        return self._releases().vary(release, appended)
