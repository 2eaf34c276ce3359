"""Positions in the write-ahead log, and in which of its segments they lie.

Source: postgresql.org/docs/18/wal-internals.html; XLogFileName in xlog_internal.h.
"""

from __future__ import annotations

_WORD = 1 << 32


def number(lsn: str) -> int:
    """`1/2000028` as one number."""
    high, _, low = lsn.partition("/")
    return int(high, 16) * _WORD + int(low, 16)


def text(position: int) -> str:
    """The other way round."""
    return f"{position // _WORD:X}/{position % _WORD:X}"


def segment(timeline: int, position: int, segment_bytes: int) -> str:
    """The name of the segment in which a position lies."""
    index = position // segment_bytes
    per_word = _WORD // segment_bytes
    return f"{timeline:08X}{index // per_word:08X}{index % per_word:08X}"


def start_of(name: str, segment_bytes: int) -> int:
    """The first position of a segment."""
    per_word = _WORD // segment_bytes
    return (int(name[8:16], 16) * per_word + int(name[16:24], 16)) * segment_bytes


def timeline_of(name: str) -> int:
    """The timeline of a segment, or of a history file."""
    return int(name[:8], 16)


def is_segment(name: str) -> bool:
    """Whether a file name is a whole segment's."""
    return len(name) == 24 and all(character in "0123456789ABCDEF" for character in name)


def system_of(segment: bytes) -> str:
    """System identifier of the cluster that wrote a segment; empty where too little of it is there.

    It stands at byte 24 of the long header of each segment's first page (XLogLongPageHeaderData in
    PostgreSQL's xlog_internal.h).
    """
    found = int.from_bytes(segment[24:32], "little")
    return str(found) if len(segment) >= 32 and found else ""
