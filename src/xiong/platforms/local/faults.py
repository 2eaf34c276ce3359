"""Faults of a local copy, made on purpose and mended; see `platforms/faults.py` for the promise."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psutil

from xiong.config.settings import Settings
from xiong.errors import PlatformError, XiongError
from xiong.model.release import Release
from xiong.platforms.faults import Fault
from xiong.platforms.local import commands, cutting
from xiong.platforms.local.layout import Layout
from xiong.platforms.local.ports import Ports
from xiong.platforms.local.releases import ReleaseFolders
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.tools import process

_SMALL = "16m"
_CHUNK = b"\0" * 65536
_SECONDS = 30.0


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
        if fault is Fault.FILL_DISK and os.geteuid() != 0:
            return "it needs root: a small file system is mounted, so that the machine's own never fills"
        return None

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
        place = self._layout.small_disk
        place.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL},mode=0755", place.name, str(place)]
        await _run(f"mounting a small file system on {place}", mount)
        _fill(place / "drill.log.1")
        return f"{_SMALL[:-1]} MiB at {place}"

    async def empty_disk(self) -> None:
        place = self._layout.small_disk
        while os.path.ismount(place):
            await _run(f"unmounting {place}", ["umount", str(place)])
        if place.is_dir():
            shutil.rmtree(place)

    async def vary(self, release: Release, appended: str) -> Release:
        return self._releases().vary(release, appended)


def _fill(file: Path) -> None:
    """Writes until the disk is full."""
    try:
        with file.open("wb", buffering=0) as filler:
            while True:
                filler.write(_CHUNK)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


async def _run(what: str, argv: list[str]) -> None:
    done = await process.run(argv, environment=commands.BASE_ENVIRONMENT, timeout_seconds=_SECONDS)
    try:
        done.checked(what)
    except XiongError as error:
        raise PlatformError(error.message) from error
