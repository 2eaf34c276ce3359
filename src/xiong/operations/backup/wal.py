"""Ships the write-ahead log: what was received lies in a spool, is sealed, and put into every repository.

A whole segment goes once. Of the one that is being written, what is new goes as a piece, so that a machine
that is lost takes a second with it and not 16 MiB. `watch` does a pass each `backup.ship_seconds`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xiong.operations.backup import lsn
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.repository import Repository
from xiong.tools.sealing import seal_bytes

_PARTIAL, _HISTORY = ".partial", ".history"
_MOST_PIECES = 32
_LEVEL = 1


@dataclass
class _Known:
    """What one repository has of the segments that still lie in the spool."""

    whole: set[str] = field(default_factory=set)
    shipped: dict[str, int] = field(default_factory=dict)
    pieces: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shipped:
    """How far the log is safe.

    Attributes:
        received: position up to which it lies in the spool; 0 where nothing does.
        stored: position up to which every repository has it.
        objects: written in this pass.
    """

    received: int
    stored: int
    objects: int


class Shipper:
    """Remembers what it shipped; a new one asks the repositories first.

    Attributes:
        foreign: it saw log of another cluster, so that who made it should ask the server again.
    """

    def __init__(
        self, spool: Path, repositories: Sequence[Repository], keys: Keys, system_id: str, segment_bytes: int
    ) -> None:
        self._spool = spool
        self._repositories = tuple(repositories)
        self._keys = keys
        self._system = system_id
        self._segment_bytes = segment_bytes
        self._known: dict[str, _Known] = {}
        self._end = (0, 0)  # timeline, position
        self.foreign = False
        self._one_pass = asyncio.Lock()

    async def ship(self) -> Shipped:
        """One pass over the spool; what is stored everywhere is deleted there.

        Raises:
            StorageError: a repository does not take it; the spool keeps it.
        """
        async with self._one_pass:
            written = 0
            for repository in self._repositories:
                if repository.url not in self._known:
                    self._known[repository.url] = await self._asked(repository)
            names = await asyncio.to_thread(self._names)
            for name in (one for one in names if one.endswith(_HISTORY) or lsn.is_segment(one)):
                written += await self._whole(name)
            received = self._end
            for name in (one for one in names if one.endswith(_PARTIAL)):
                count, reached = await self._piece(name)
                written, received = written + count, max(received, reached)
            return Shipped(received[1], received[1], written)

    async def look(self) -> Shipped:
        """How far the spool reaches, while no repository takes it."""
        reached = (0, 0)
        for name in await asyncio.to_thread(self._names):
            segment = name.removesuffix(_PARTIAL)
            if lsn.is_segment(segment):
                content = await _read(self._spool / name) or b""
                start = lsn.start_of(segment, self._segment_bytes)
                end = start + len(content.rstrip(b"\0"))
                reached = max(reached, (lsn.timeline_of(segment), end))
        return Shipped(reached[1], 0, 0)

    def _names(self) -> list[str]:
        """What lies there; notes of `archive` about base backups, which nothing reads, go at once."""
        for note in self._spool.glob("*.backup"):
            note.unlink(missing_ok=True)
        return sorted(path.name for path in self._spool.iterdir() if path.is_file())

    async def stored(self, name: str) -> bool:
        """Whether every repository has that whole segment, by whomever."""
        for repository in self._repositories:
            if not any(one.whole for one in await repository.wal(self._system, name)):
                return False
        return True

    async def _asked(self, repository: Repository) -> _Known:
        known = _Known()
        for one in await repository.wal(self._system):
            if one.whole:
                known.whole.add(one.name)
                self._reached(one.name)
            elif one.first <= known.shipped.get(one.name, 0):
                known.pieces.setdefault(one.name, []).append(one.key)
                known.shipped[one.name] = max(known.shipped.get(one.name, 0), one.first + one.plain_bytes)
        return known

    def _reached(self, name: str) -> None:
        if lsn.is_segment(name):
            end = lsn.start_of(name, self._segment_bytes) + self._segment_bytes
            self._end = max(self._end, (lsn.timeline_of(name), end))

    async def _whole(self, name: str) -> int:
        content = await _read(self._spool / name)
        if content is None:
            # `watch` and `backup create` ship the same spool: the other one stores it before it goes.
            self._reached(name)
            return 0
        if lsn.is_segment(name) and len(content) != self._segment_bytes:
            return 0  # it is still being copied there
        owner = lsn.system_of(content) if lsn.is_segment(name) else ""
        if owner not in {"", self._system}:
            return await self._foreign(name, content, owner)
        written = 0
        for repository in self._repositories:
            known = self._known[repository.url]
            if name not in known.whole:
                await self._put(repository, name, 0, content, whole=True)
                known.whole.add(name)
                written += 1
            await repository.store.delete(known.pieces.pop(name, []))
            known.shipped.pop(name, None)
        self._reached(name)
        await asyncio.to_thread((self._spool / name).unlink, missing_ok=True)
        return written

    async def _piece(self, file: str) -> tuple[int, tuple[int, int]]:
        """(objects written, timeline and position up to which the segment is there)."""
        name = file.removesuffix(_PARTIAL)
        content = await _read(self._spool / file)
        if content is None or not lsn.is_segment(name):
            return 0, self._end
        if lsn.system_of(content) not in {"", self._system}:
            self.foreign = True
            return 0, self._end
        # The receiver fills the segment with zeros first; a record's own last zeros are filled in again.
        content = content.rstrip(b"\0")
        written = 0
        for repository in self._repositories:
            known = self._known[repository.url]
            first = known.shipped.get(name, 0)
            if len(content) <= first:
                continue
            earlier = known.pieces.get(name, [])
            if len(earlier) >= _MOST_PIECES:
                first = 0
            key = await self._put(repository, name, first, content[first:], whole=False)
            if first == 0:
                await repository.store.delete(earlier)
                earlier = []
            known.pieces[name] = [*earlier, key]
            known.shipped[name] = len(content)
            written += 1
        start = lsn.start_of(name, self._segment_bytes)
        return written, (lsn.timeline_of(name), start + len(content))

    async def _foreign(self, name: str, content: bytes, owner: str) -> int:
        """A segment of another cluster than ours, as after a restore of a dump: it goes to its own."""
        self.foreign = True
        for repository in self._repositories:
            await self._put(repository, name, 0, content, whole=True, system=owner)
        await asyncio.to_thread((self._spool / name).unlink, missing_ok=True)
        return len(self._repositories)

    async def _put(
        self,
        repository: Repository,
        name: str,
        first: int,
        content: bytes,
        *,
        whole: bool,
        system: str = "",
    ) -> str:
        sealed, facts = await asyncio.to_thread(seal_bytes, content, self._keys.recipients, _LEVEL)
        key = Repository.segment_key(
            system or self._system, name, first, len(content), facts.stored_sha256, whole=whole
        )
        await repository.store.put(key, sealed)
        return key


async def _read(path: Path) -> bytes | None:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        return None
