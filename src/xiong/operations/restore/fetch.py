"""Brings a set and its log from a repository into a new data folder, opened on the way."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from xiong.datastores import backup_checks, postgres_recovery
from xiong.errors import XiongError
from xiong.model.backup import WalSegment
from xiong.operations.backup.database import BASE
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.reading import open_object
from xiong.operations.backup.writing import Meter
from xiong.operations.restore.choose import Choice
from xiong.platforms.base import Platform, Progress
from xiong.tools import process
from xiong.tools.clock import Clock
from xiong.tools.sealing import unseal
from xiong.tools.together import together
from xiong.tools.unpacking import unpack

_AT_ONCE = 4
_COMBINE_SECONDS = 3600.0


async def fetch(
    platform: Platform, clock: Clock, progress: Progress, keys: Keys, choice: Choice, name: str
) -> Path:
    """The folder; the server may own all of it, and has not run on it.

    Raises:
        XiongError: an object is damaged, or the disk refuses; the folder is for the caller to remove.
    """
    stores = platform.stores
    folder = await stores.place("postgres", name)
    if len(choice.chain) == 1:
        await _unpacked(choice, 0, folder, keys, clock, progress)
    else:
        await _combined(platform, clock, progress, keys, choice, name, folder)
    await together(_verified(platform, folder), _log(choice, keys, folder / "pg_wal", progress))
    (folder / postgres_recovery.SIGNAL).touch()
    await stores.hand_over("postgres", folder)
    return folder


async def _unpacked(
    choice: Choice, index: int, folder: Path, keys: Keys, clock: Clock, progress: Progress
) -> None:
    manifest = choice.chain[index]
    size = next(part.plain_bytes for part in manifest.objects if part.name == BASE)
    stream = open_object(choice.repository, keys, manifest, BASE)
    await unpack(Meter(clock, progress, size).through(f"{manifest.id} {BASE}", stream), folder)


async def _combined(
    platform: Platform,
    clock: Clock,
    progress: Progress,
    keys: Keys,
    choice: Choice,
    name: str,
    folder: Path,
) -> None:
    parts = []
    try:
        for index, manifest in enumerate(choice.chain):
            parts.append(await platform.stores.place("postgres", f"{name}-part{index}"))
            progress(f"unpacks {manifest.id} ({manifest.kind})")
            await _unpacked(choice, index, parts[-1], keys, clock, progress)
        access = await platform.stores.access("postgres")
        done = await process.run(
            postgres_recovery.combine(access, parts, folder),
            environment=backup_checks.ENVIRONMENT,
            timeout_seconds=_COMBINE_SECONDS,
        )
        done.checked("combining the increments")
    finally:
        for part in parts:
            await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)


async def _verified(platform: Platform, folder: Path) -> None:
    """Every file against the manifest that came with it."""
    access = await platform.stores.access("postgres")
    argv = [*backup_checks.base_backup(access, folder, None), "--no-parse-wal"]
    done = await process.run(argv, environment=backup_checks.ENVIRONMENT, timeout_seconds=_COMBINE_SECONDS)
    done.checked("pg_verifybackup")


async def _log(choice: Choice, keys: Keys, folder: Path, progress: Progress) -> None:
    """Every segment in its place; of one that is not whole, what there is, and zeros."""
    names = choice.log
    if not names:
        return
    progress(f"fetches {len(names)} segments of the write-ahead log")
    folder.mkdir(exist_ok=True)
    for left in folder.glob("0*"):
        left.unlink()
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> None:
        async with room:
            content = await _segment(choice, keys, name)
            await asyncio.to_thread((folder / name).write_bytes, content)

    histories = [one.name for one in choice.segments if one.name.endswith(".history")]
    await together(*(one(name) for name in (*names, *histories)))


async def _segment(choice: Choice, keys: Keys, name: str) -> bytes:
    """Its pieces put together; `watch` may put the whole one in their place while they are read."""
    pieces = [one for one in choice.segments if one.name == name]
    while True:
        try:
            return await _joined(choice, keys, pieces)
        except XiongError:
            now = await choice.repository.wal(choice.last.database.system_id, name)
            if now == pieces:
                raise
            pieces = now


async def _joined(choice: Choice, keys: Keys, pieces: Sequence[WalSegment]) -> bytes:
    whole = next((one for one in pieces if one.whole), None)
    size = whole.plain_bytes if whole else choice.last.database.segment_bytes
    content = bytearray(size)
    for piece in [whole] if whole else sorted(pieces, key=lambda one: one.first):
        stream = unseal(choice.repository.segment_stream(piece), keys.identities)
        plain = b"".join([chunk async for chunk in stream])
        content[piece.first : piece.first + len(plain)] = plain
    return bytes(content)
