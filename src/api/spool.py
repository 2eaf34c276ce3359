"""Messages the database could not take, on local disk until it can.

One folder, one file ("segment") per process and outage, a line of JSON per record, each on disk
before its person is answered. A segment is locked by the process that writes it for as long as that
process lives; a segment whose lock is free belongs to whoever takes the lock. `chat` appends,
`relay` empties.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from api.records import MessageRecord, Record, record_from_json

SUFFIX = ".jsonl"
REJECTED = ".rejected"


@dataclass(frozen=True)
class Segment:
    """A locked segment; whoever holds it closes the descriptor to let go."""

    path: Path
    descriptor: int

    def records(self) -> tuple[list[Record], list[bytes]]:
        """Returns the records, and the lines that are none; a torn last line is neither."""
        data = self.path.read_bytes()
        whole, _, _ = data.rpartition(b"\n")
        good: list[Record] = []
        bad: list[bytes] = []
        for line in whole.split(b"\n"):
            if not line:
                continue
            try:
                good.append(record_from_json(orjson.loads(line)))
            except (ValueError, KeyError, TypeError):
                bad.append(line)
        return good, bad

    def reject(self, lines: list[bytes]) -> None:
        """Puts lines aside that no database will ever take, for a person to look at."""
        path = self.path.with_suffix(REJECTED)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _write_all(descriptor, b"".join(line + b"\n" for line in lines))
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Deletes the segment: all that it held is in the database."""
        self.path.unlink(missing_ok=True)
        _sync_folder(self.path.parent)
        self.release()

    def release(self) -> None:
        """Lets go of a segment; the file stays."""
        os.close(self.descriptor)


class Spool:
    """The spool of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = asyncio.Lock()
        self._active: Segment | None = None
        self._sealed: list[Segment] = []
        self._counts: dict[Path, int] = {}
        self._owners: dict[uuid.UUID, tuple[str, str]] = {}

    @property
    def pending(self) -> int:
        """How many records wait, as far as this process knows."""
        return sum(self._counts.values())

    def vouches(self, conversation: uuid.UUID, owner: tuple[str, str]) -> bool:
        """Says whether that conversation was opened by `owner` while the database was away."""
        return self._owners.get(conversation) == owner

    async def append(self, record: Record) -> None:
        """Puts a record on disk; raises OSError where the disk will not have it."""
        line = orjson.dumps(record.to_json()) + b"\n"
        async with self._lock:
            segment = self._active
            if segment is None:
                segment = self._active = await asyncio.to_thread(_create, self._folder)
                self._counts[segment.path] = 0
            await asyncio.to_thread(_append, segment.descriptor, line)
            self._counts[segment.path] += 1
            if isinstance(record, MessageRecord):
                self._owners[record.conversation_id] = (record.application, record.person)

    async def adopt(self) -> bool:
        """Takes over the segments of dead processes; returns whether anything waits here."""
        held = {segment.path for segment in self._sealed}
        if self._active is not None:
            held.add(self._active.path)
        for segment in await asyncio.to_thread(lambda: list(_orphans(self._folder, held))):
            self._counts[segment.path] = len((await asyncio.to_thread(segment.records))[0])
            self._sealed.append(segment)
        return bool(self._sealed) or self._active is not None

    async def claim(self) -> list[Segment]:
        """Returns the segments to bring to the database; what comes next goes to a new one."""
        async with self._lock:
            if self._active is not None:
                self._sealed.append(self._active)
                self._active = None
            mine, self._sealed = self._sealed, []
        return mine

    def keep(self, segment: Segment) -> None:
        """Takes a segment back that could not be emptied yet."""
        self._sealed.append(segment)

    def done(self, segment: Segment, records: list[Record]) -> None:
        """Deletes an emptied segment and forgets what was in it."""
        segment.remove()
        self._counts.pop(segment.path, None)
        for record in records:
            if isinstance(record, MessageRecord):
                self._owners.pop(record.conversation_id, None)

    def close(self) -> None:
        """Lets go of all segments, for other replicas to take."""
        for segment in [*self._sealed, *([self._active] if self._active else [])]:
            segment.release()
        self._sealed, self._active = [], None


def _create(folder: Path) -> Segment:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
    unseen = path.with_suffix(".new")
    descriptor = os.open(unseen, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    # locked before it gets its name, or another replica might take it for an orphan in between
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unseen.rename(path)
    _sync_folder(folder)
    return Segment(path, descriptor)


def _append(descriptor: int, line: bytes) -> None:
    before = os.fstat(descriptor).st_size
    try:
        _write_all(descriptor, line)
    except OSError:
        # half a line would swallow the next record
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _orphans(folder: Path, held: set[Path]) -> Iterator[Segment]:
    """Locks and yields the segments that no living process holds."""
    if not folder.is_dir():
        return
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=_age):
        if path in held:
            continue
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        if os.fstat(descriptor).st_nlink == 0:
            # emptied and deleted between our listing and our lock
            os.close(descriptor)
            continue
        yield Segment(path, descriptor)


def _age(path: Path) -> tuple[float, str]:
    try:
        return path.stat().st_mtime, path.name
    except FileNotFoundError:
        return 0.0, path.name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
