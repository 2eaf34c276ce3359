"""Whether a stretch of the write-ahead log lies in a repository without a gap, and how far it reaches. Pure.

Used by `verify`, `list`, `retention` and `restore`. Source: postgresql.org/docs/18/continuous-archiving.html
(timelines); a history file has a line `TIMELINE<TAB>SWITCH-LSN<TAB>reason` for each timeline before its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xiong.model.backup import WalSegment
from xiong.operations.backup import lsn

FAR = 1 << 64


@dataclass(frozen=True)
class Branch:
    """The part of the log that belongs to one timeline.

    Attributes:
        timeline: its number.
        until: the position at which the next one goes on.
    """

    timeline: int
    until: int


def branches(timeline: int, history: str = "") -> tuple[Branch, ...]:
    """The way to a timeline, from the oldest on; `history` is the text of its history file, if it has one."""
    rows = (line.split() for line in history.splitlines())
    earlier = [Branch(int(row[0]), lsn.number(row[1])) for row in rows if len(row) >= 2 and row[0].isdigit()]
    return (*earlier, Branch(timeline, FAR))


def coverage(segments: Sequence[WalSegment], segment_bytes: int) -> dict[str, int]:
    """{segment: bytes from its start on that are there without a gap}."""
    reach: dict[str, int] = {}
    pieces = (one for one in segments if lsn.is_segment(one.name))
    for one in sorted(pieces, key=lambda one: (one.name, one.first, -one.plain_bytes)):
        known = reach.get(one.name, 0)
        if one.first <= known:
            reach[one.name] = min(max(known, one.first + one.plain_bytes), segment_bytes)
    return reach


def needed(
    path: Sequence[Branch], segment_bytes: int, from_position: int, to_position: int
) -> tuple[tuple[str, int], ...]:
    """(segment, bytes of it) that hold the log from one position to another.

    At a switch the new timeline's segment begins with what the old one's held, so only that one is read.
    """
    found = []
    start = from_position - from_position % segment_bytes
    while start < to_position:
        end = start + segment_bytes
        timeline = next(branch.timeline for branch in path if end <= branch.until or branch.until == FAR)
        found.append((lsn.segment(timeline, start, segment_bytes), min(to_position, end) - start))
        start = end
    return tuple(found)


def gaps(
    segments: Sequence[WalSegment],
    segment_bytes: int,
    path: Sequence[Branch],
    from_position: int,
    to_position: int,
) -> tuple[str, ...]:
    """What is missing between two positions, in words, each with the name of its segment."""
    reach = coverage(segments, segment_bytes)
    faults = []
    for name, size in needed(path, segment_bytes, from_position, to_position):
        there = reach.get(name, 0)
        if there == 0:
            faults.append(f"WAL segment {name} is missing")
        elif there < size:
            faults.append(f"WAL segment {name} has its first {there} bytes, expected {size}")
    return tuple(faults)


def newest_restorable(
    segments: Sequence[WalSegment], segment_bytes: int, path: Sequence[Branch], from_position: int
) -> int:
    """The position up to which the log goes on from another without a gap; that itself where nothing does."""
    reach, position = coverage(segments, segment_bytes), from_position
    while True:
        start = position - position % segment_bytes
        ((name, _),) = needed(path, segment_bytes, start, start + 1)
        there = reach.get(name, 0)
        if start + there <= position:
            return position
        position = start + there
        if there < segment_bytes:
            return position


def newest_path(histories: Mapping[int, str], timeline: int, position: int) -> tuple[Branch, ...]:
    """The way on from a position of a timeline to the newest one that descends from it.

    Args:
        histories: {timeline: text of its history file}.
        timeline: of a set.
        position: where it ends; a timeline that branched off before never held it.
    """
    for newest in sorted(histories, reverse=True):
        path = branches(newest, histories[newest])
        if newest > timeline and any(one.timeline == timeline and one.until >= position for one in path):
            return path
    return branches(timeline, histories.get(timeline, ""))
