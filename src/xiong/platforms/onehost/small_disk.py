"""A small file system of a drill's own among a copy's logs, filled to the last byte; never the machine's."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from xiong.errors import PlatformError, XiongError
from xiong.platforms.onehost.layout import Layout
from xiong.tools import process

_SMALL = "16m"
_CHUNK = b"\0" * 65536
_SECONDS = 30.0
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def lacks() -> str | None:
    """Why none can be made here, in words."""
    if os.geteuid() != 0:
        return "it needs root: a small file system is mounted, so that the machine's own never fills"
    return None


async def fill(layout: Layout) -> str:
    """Mounts and fills it; says where.

    Raises:
        PlatformError: the system does not let us.
    """
    place = layout.small_disk
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL},mode=0755", place.name, str(place)]
    await _run(f"mounting a small file system on {place}", mount)
    _fill(place / "drill.log.1")
    return f"{_SMALL[:-1]} MiB at {place}"


async def empty(layout: Layout) -> None:
    """It is gone."""
    place = layout.small_disk
    while os.path.ismount(place):
        await _run(f"unmounting {place}", ["umount", str(place)])
    if place.is_dir():
        shutil.rmtree(place)


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
    done = await process.run(argv, environment=_ENVIRONMENT, timeout_seconds=_SECONDS)
    try:
        done.checked(what)
    except XiongError as error:
        raise PlatformError(error.message) from error
