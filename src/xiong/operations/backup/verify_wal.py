"""Checks the log that a set needs: no gap, every byte as it was, each piece where it belongs."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xiong.errors import XiongError
from xiong.model.backup import DatabasePart, Manifest, WalSegment
from xiong.operations.backup import continuity, lsn
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.repository import Repository
from xiong.operations.backup.retention import end_of
from xiong.tools.sealing import unseal

_PAGE_BYTES = 8192
_HEADER = struct.Struct("<HHIQ")  # magic, info, timeline, address: XLogPageHeaderData
_SYSTEM = struct.Struct("<Q")
_SYSTEM_AT = 24  # XLogLongPageHeaderData, on the first page of a segment


@dataclass
class WalCheck:
    """What was found of the log of one set."""

    faults: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)


async def check(
    repository: Repository, keys: Keys, manifest: Manifest, folder: Path, *, newest: bool
) -> WalCheck:
    """Reads all of it that the set needs, and writes whole segments to `folder` for the database's own check.

    Args:
        repository: where it lies.
        keys: that open it.
        manifest: of the set.
        folder: private, there.
        newest: no later set of this cluster is there, so log that breaks off behind it is a fault too.
    """
    found, part = WalCheck(), manifest.database
    segments = await repository.wal(part.system_id)
    path = continuity.branches(part.timeline)
    begin, end = lsn.number(part.start_lsn), end_of(manifest)
    for gap in continuity.gaps(segments, part.segment_bytes, path, begin, end):
        found.faults.append(f"wal/{part.system_id}: {gap}")
    wanted = [name for name, _ in continuity.needed(path, part.segment_bytes, begin, end)]
    for name in wanted:
        pieces = [one for one in segments if one.name == name]
        content = await _segment(repository, keys, part, pieces, found)
        (folder / name).write_bytes(content)
    found.checks.append(f"WAL {part.start_lsn} to {lsn.text(end)}, {len(wanted)} segments")
    await _behind(repository, keys, part, segments, end, found, newest=newest)
    return found


async def _segment(
    repository: Repository, keys: Keys, part: DatabasePart, pieces: Sequence[WalSegment], found: WalCheck
) -> bytes:
    """All pieces of one segment put together; what is not there is zeros."""
    whole = bytearray(part.segment_bytes)
    for piece in pieces:
        try:
            content = b"".join([chunk async for chunk in _opened(repository, keys, piece)])
            found.faults.extend(f"{piece.key}: {fault}" for fault in _misfits(piece, content, part))
            whole[piece.first : piece.first + len(content)] = content
        except XiongError as error:
            if error.retryable:
                raise
            found.faults.append(
                error.message if piece.key in error.message else f"{piece.key}: {error.message}"
            )
    return bytes(whole[: part.segment_bytes])


def _opened(repository: Repository, keys: Keys, piece: WalSegment) -> AsyncIterator[bytes]:
    return unseal(repository.segment_stream(piece), keys.identities)


def _misfits(piece: WalSegment, content: bytes, part: DatabasePart) -> list[str]:
    """What is not as the key says."""
    faults = []
    if len(content) != piece.plain_bytes:
        faults.append(f"it holds {len(content)} bytes, its key says {piece.plain_bytes}")
    if piece.whole and (piece.first, piece.plain_bytes) != (0, part.segment_bytes):
        faults.append(f"its key says that it is whole, with {piece.plain_bytes} bytes from {piece.first} on")
    return faults or misplaced(piece, content, part)


def misplaced(piece: WalSegment, content: bytes, part: DatabasePart) -> list[str]:
    """Each page names its own position; a recycled one, which the server left as it was, an earlier one."""
    start, newest = lsn.start_of(piece.name, part.segment_bytes), lsn.timeline_of(piece.name)
    if piece.first == 0 and len(content) >= _SYSTEM_AT + _SYSTEM.size:
        (system,) = _SYSTEM.unpack_from(content, _SYSTEM_AT)
        if system != int(part.system_id):
            return [f"it belongs to the cluster {system}, expected {part.system_id}"]
    first = piece.first + -piece.first % _PAGE_BYTES
    if first + _HEADER.size > piece.first + len(content):
        return []
    _, _, timeline, address = _HEADER.unpack_from(content, first - piece.first)
    if address != start + first or timeline > newest:
        at, claimed = lsn.text(start + first), lsn.text(address)
        return [f"its page at {at} says that it is {claimed} of timeline {timeline}"]
    return []


async def _behind(
    repository: Repository,
    keys: Keys,
    part: DatabasePart,
    segments: Sequence[WalSegment],
    end: int,
    found: WalCheck,
    *,
    newest: bool,
) -> None:
    """How far a restore could go on from here."""
    try:
        known = await histories(repository, keys, segments)
    except XiongError as error:
        if error.retryable:
            raise
        found.faults.append(error.message)
        known = {}
    path = continuity.newest_path(known, part.timeline, end)
    reached = continuity.newest_restorable(segments, part.segment_bytes, path, end)
    last = max((one.name for one in segments if lsn.is_segment(one.name)), default="")
    found.checks.append(f"WAL goes on to {lsn.text(reached)}")
    if last and lsn.start_of(last, part.segment_bytes) > reached:
        words = f"wal/{part.system_id}: the log breaks off at {lsn.text(reached)}, though {last} is there"
        (found.faults if newest else found.checks).append(words)


async def histories(repository: Repository, keys: Keys, segments: Sequence[WalSegment]) -> dict[int, str]:
    """{timeline: text of its history file}.

    Raises:
        XiongError: one is damaged.
    """
    return {
        lsn.timeline_of(one.name): b"".join(
            [chunk async for chunk in _opened(repository, keys, one)]
        ).decode()
        for one in segments
        if one.name.endswith(".history")
    }
