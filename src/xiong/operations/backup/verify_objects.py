"""Opens every object of a set and has it read by whoever can: PostgreSQL, Valkey, a JSON parser."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from xiong.datastores import backup_checks
from xiong.errors import XiongError
from xiong.model.backup import Manifest, StoredObject
from xiong.operations.backup.create import CACHE
from xiong.operations.backup.database import BASE, BASE_MANIFEST, DUMP
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.reading import SMALL_BYTES, open_object
from xiong.operations.backup.repository import DamagedError, Repository
from xiong.operations.backup.writing import Meter
from xiong.platforms.base import Progress
from xiong.tools import piping, process
from xiong.tools.clock import Clock
from xiong.tools.store_access import StoreAccess
from xiong.tools.unpacking import unpack

_TOOL_SECONDS = 1800.0


@dataclass(frozen=True)
class Bench:
    """What verifying needs.

    Attributes:
        keys: that open objects and say whom to believe.
        postgres, valkey: where their programs lie.
        clock: whose time counts.
        progress: told how far it is.
    """

    keys: Keys
    postgres: StoreAccess
    valkey: StoreAccess | None
    clock: Clock
    progress: Progress


class ObjectCheck:
    """The objects of one set, unpacked into a private folder that the caller removes."""

    def __init__(self, bench: Bench, repository: Repository, manifest: Manifest, folder: Path) -> None:
        self._bench = bench
        self._repository = repository
        self._manifest = manifest
        self._folder = folder
        self._readers: dict[str, Callable[[AsyncIterator[bytes]], Awaitable[None]]] = {
            BASE: self._unpack,
            BASE_MANIFEST: self._keep,
            CACHE: self._keep_snapshot,
            DUMP: self._read_dump,
        }

    @property
    def base(self) -> Path:
        """The unpacked base backup."""
        return self._folder / "base"

    async def object(self, stored: StoredObject) -> str | None:
        """Reads one to its end; what is wrong with it, in words that name it.

        Raises:
            StorageError: the repository does not answer.
        """
        key = Repository.key(self._manifest.id, stored.name)
        opened = open_object(self._repository, self._bench.keys, self._manifest, stored.name)
        metered = Meter(self._bench.clock, self._bench.progress, stored.plain_bytes).through(
            f"verify {stored.name}", opened
        )
        try:
            await self._readers.get(stored.name, _document)(_as_written(metered, stored))
        except XiongError as error:
            if error.retryable:  # the repository is away: that says nothing about what lies there
                raise
            return error.message if key in error.message else f"{key}: {error.message}"
        return None

    async def by_database(self, wal: Path | None) -> str | None:
        """What `pg_verifybackup` says against the base backup, or None."""
        argv = backup_checks.base_backup(self._bench.postgres, self.base, wal)
        done = await process.run(argv, environment=backup_checks.ENVIRONMENT, timeout_seconds=_TOOL_SECONDS)
        if done.exit_code == 0:
            return None
        return f"{Repository.key(self._manifest.id, BASE)}: pg_verifybackup: {done.last_words}"

    async def _unpack(self, chunks: AsyncIterator[bytes]) -> None:
        self.base.mkdir(mode=0o700)
        await unpack(chunks, self.base)

    async def _keep(self, chunks: AsyncIterator[bytes]) -> None:
        """The increment that comes next is made against it: it must be the very one in the base backup."""
        content = await _whole(chunks)
        inside = self.base / BASE_MANIFEST
        if inside.is_file() and content != await asyncio.to_thread(inside.read_bytes):
            raise DamagedError("it is not the manifest that lies in base.tar")

    async def _keep_snapshot(self, chunks: AsyncIterator[bytes]) -> None:
        file, checker = self._folder / CACHE, self._folder / backup_checks.RDB_CHECKER
        with file.open("wb") as opened:
            async for chunk in chunks:
                await asyncio.to_thread(opened.write, chunk)
        if self._bench.valkey is None:
            return
        checker.symlink_to(backup_checks.cache_program(self._bench.valkey))
        argv = backup_checks.snapshot(checker, file)
        done = await process.run(argv, environment=backup_checks.ENVIRONMENT, timeout_seconds=_TOOL_SECONDS)
        if done.exit_code != 0:
            words = done.stdout.decode(errors="replace").strip().splitlines()[-4:]
            raise DamagedError(f"{backup_checks.RDB_CHECKER}: {' / '.join(words) or done.last_words}")

    async def _read_dump(self, chunks: AsyncIterator[bytes]) -> None:
        argv = backup_checks.dump(self._bench.postgres)
        async with piping.sink(argv, environment=backup_checks.ENVIRONMENT) as tool:
            async for chunk in chunks:
                tool.write(chunk)
                await tool.drain()


async def _document(chunks: AsyncIterator[bytes]) -> None:
    try:
        orjson.loads(await _whole(chunks))
    except orjson.JSONDecodeError as error:
        raise DamagedError("it is no JSON document") from error


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > SMALL_BYTES:
            raise DamagedError("it is larger than it can be")
    return bytes(content)


async def _as_written(chunks: AsyncIterator[bytes], stored: StoredObject) -> AsyncIterator[bytes]:
    """The same chunks; it ends with an error where they are not what was sealed."""
    digest, seen = hashlib.sha256(), 0
    async for chunk in chunks:
        seen += len(chunk)
        hashing = asyncio.create_task(asyncio.to_thread(digest.update, chunk))
        yield chunk
        await hashing
    if (seen, digest.hexdigest()) != (stored.plain_bytes, stored.plain_sha256):
        raise DamagedError(
            f"opened, it holds {seen} bytes with sha256 {digest.hexdigest()[:16]}…, "
            f"expected {stored.plain_bytes} and {stored.plain_sha256[:16]}…"
        )
