"""Unpacks a tar stream into a folder while it comes; used to verify and to restore base backups."""

from __future__ import annotations

import asyncio
import tarfile
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from xiong.errors import XiongError
from xiong.tools.threads import AbandonedError, Conduit, Reader

_BUFFER_BYTES = 1 << 20


class UnpackError(XiongError):
    """A tar stream is damaged, or does not fit where it should go."""


async def unpack(source: AsyncIterator[bytes], folder: Path) -> None:
    """Writes its members below `folder`; none of them can lie elsewhere.

    Raises:
        UnpackError: it is damaged, or the disk refuses.
        Exception: whatever `source` raised.
    """
    stop = threading.Event()
    pipe = Conduit(stop)
    work = asyncio.create_task(asyncio.to_thread(_unpack, pipe, folder, stop))
    try:
        with suppress(AbandonedError):  # the other side ended first, and says why
            async for chunk in source:
                await asyncio.to_thread(pipe.put, chunk)
            await asyncio.to_thread(pipe.end)
        await work
    finally:
        stop.set()
        await asyncio.gather(work, return_exceptions=True)


def _unpack(pipe: Conduit, folder: Path, stop: threading.Event) -> None:
    try:
        stream = cast(IO[bytes], Reader(pipe))
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER_BYTES) as archive:
            archive.extractall(folder, filter="tar")
        while pipe.get() is not None:
            pass  # what follows the end of the archive
    except AbandonedError:
        return
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UnpackError(f"unpacking into {folder} failed: {error}") from error
    finally:
        stop.set()
