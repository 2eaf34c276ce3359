"""Seals a stream once and writes it to every repository at the same time, with its speed told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from xiong.model.backup import StoredObject
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.repository import Repository
from xiong.platforms.base import Progress
from xiong.tools.clock import Clock
from xiong.tools.sealing import Sealed, Sealing
from xiong.tools.together import together

_MIB = 1 << 20
_AHEAD = 4


@dataclass
class Meter:
    """Tells how far a stream is, at most once a second.

    Attributes:
        expected: bytes of the whole, about; 0 where it is not known.
    """

    clock: Clock
    progress: Progress
    expected: int = 0
    _begun: float = field(default=0.0, init=False)
    _told: float = field(default=0.0, init=False)

    async def through(self, name: str, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks."""
        seen, self._begun = 0, self.clock.monotonic()
        self._told = self._begun
        async for chunk in source:
            seen += len(chunk)
            self._tell(name, seen)
            yield chunk

    def _tell(self, name: str, seen: int) -> None:
        now = self.clock.monotonic()
        if now - self._told < 1:
            return
        self._told, speed = now, seen / (now - self._begun)
        left = max(self.expected - seen, 0) / speed
        more = f", about {left:.0f} s left" if self.expected else ""
        self.progress(f"{name} {seen / _MIB:.0f} MiB, {speed / _MIB:.0f} MiB/s{more}")


async def write_object(
    repositories: Sequence[Repository],
    keys: Keys,
    backup: str,
    name: str,
    source: AsyncIterator[bytes],
    *,
    level: int,
) -> StoredObject:
    """Writes one object of a set.

    Raises:
        StorageError: one of the repositories does not take it.
        Exception: whatever `source` raised.
    """
    key = Repository.key(backup, name)
    sealed = await seal_to(repositories, keys, key, source, level=level)
    return StoredObject(
        name, sealed.plain_bytes, sealed.plain_sha256, sealed.stored_bytes, sealed.stored_sha256
    )


async def seal_to(
    repositories: Sequence[Repository],
    keys: Keys,
    key: str,
    source: AsyncIterator[bytes],
    *,
    level: int,
) -> Sealed:
    """Under one key in each of them; see `write_object`."""
    sealing = Sealing(keys.recipients, level)
    chunks = sealing.stream(source)
    if len(repositories) == 1:
        await repositories[0].store.put_stream(key, chunks)
    else:
        queues = [asyncio.Queue[bytes | None](_AHEAD) for _ in repositories]
        puts = (
            repository.store.put_stream(key, _taken(queue))
            for repository, queue in zip(repositories, queues, strict=True)
        )
        await together(_deal(chunks, queues), *puts)
    return sealing.result


async def _deal(chunks: AsyncIterator[bytes], queues: Sequence[asyncio.Queue[bytes | None]]) -> None:
    async for chunk in chunks:
        for queue in queues:
            await queue.put(chunk)
    for queue in queues:
        await queue.put(None)


async def _taken(queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
    while (chunk := await queue.get()) is not None:
        yield chunk


async def at_once(content: bytes) -> AsyncIterator[bytes]:
    """What is in memory already, as a stream."""
    for first in range(0, len(content), _MIB):
        yield content[first : first + _MIB]
