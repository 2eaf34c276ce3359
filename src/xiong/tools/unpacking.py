"""Unpacks a tar stream into a folder while it comes; used to verify and to restore base backups.

Python's own reader copies what it holds for each 16 KiB that it writes, four times the work of the disk; this
one knows files and folders, which is all that a base backup is made of, and refuses anything else.
"""

from __future__ import annotations

import asyncio
import os
import tarfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from xiong.errors import XiongError
from xiong.tools.threads import AbandonedError, Conduit

_BLOCK = tarfile.BLOCKSIZE
_BEGIN_WRITING_BYTES = 16 << 20
_MODE, _OWN_FOLDER = 0o755, 0o700


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
        stream = _Stream(pipe)
        while (member := _next(stream)) is not None:
            _write(stream, member, folder)
        while pipe.get() is not None:
            pass  # what follows the end of the archive
    except AbandonedError:
        return
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UnpackError(f"unpacking into {folder} failed: {error}") from error
    finally:
        stop.set()


def _next(stream: _Stream) -> tarfile.TarInfo | None:
    """The next header, or None at the block of zeros behind the last member."""
    block = b"".join(stream.pieces(_BLOCK))
    if not any(block):
        return None
    return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")


def _write(stream: _Stream, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise tarfile.OutsideDestinationError(member, str(name))
    path = folder / name
    if member.isdir():
        path.mkdir(mode=member.mode & _MODE | _OWN_FOLDER, parents=True, exist_ok=True)
    elif member.isreg():
        path.parent.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        _write_file(stream, member, path)
    else:
        raise tarfile.ExtractError(f"{member.name} is neither a file nor a folder")


def _write_file(stream: _Stream, member: tarfile.TarInfo, path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, member.mode & _MODE)
    try:
        begun = written = 0
        for piece in stream.pieces(member.size):
            _write_all(descriptor, piece)
            written += len(piece)
            if written - begun >= _BEGIN_WRITING_BYTES:
                _to_disk(descriptor, begun, written)
                begun = written
        _to_disk(descriptor, begun, written)
    finally:
        os.close(descriptor)
    for _ in stream.pieces(-member.size % _BLOCK):
        pass


def _write_all(descriptor: int, content: memoryview) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _to_disk(descriptor: int, begun: int, written: int) -> None:
    """The disk begins with it now and nobody waits; whoever syncs later finds less to do."""
    os.posix_fadvise(descriptor, begun, written - begun, os.POSIX_FADV_DONTNEED)


class _Stream:
    """Chunks, cut where the reader wants them."""

    def __init__(self, source: Conduit) -> None:
        self._source = source
        self._rest = memoryview(b"")

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The next `size` bytes, as they come.

        Raises:
            EOFError: they do not come.
        """
        while size:
            if not self._rest:
                chunk = self._source.get()
                if chunk is None:
                    raise EOFError("it ends in the middle")
                self._rest = memoryview(chunk)
            piece, self._rest = self._rest[:size], self._rest[size:]
            size -= len(piece)
            yield piece
