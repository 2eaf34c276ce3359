"""How much would be lost now: a marker that was written into the log is traced to where it is safe.

`watch` asks each time that it has shipped; `status`, the check `wal` and the metrics read the result.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from xiong.model.backup import RpoReading

_MOST = 10_000


class RpoMeter:
    """Remembers when the log stood where, and up to when all of it is safe."""

    def __init__(self) -> None:
        self._received: deque[tuple[int, datetime]] = deque(maxlen=_MOST)
        self._stored: deque[tuple[int, datetime]] = deque(maxlen=_MOST)
        self._received_at: datetime | None = None
        self._stored_at: datetime | None = None

    def marked(self, position: int, at: datetime) -> None:
        """At that time all that was committed stood before that position."""
        for marks in (self._received, self._stored):
            if marks and marks[-1][0] > position:
                marks.clear()  # a restore went back: what was written behind it is no part of this log
            marks.append((position, at))

    def reached(self, *, received: int, stored: int) -> None:
        """So far the log lies in the spool, and in every repository."""
        self._received_at = _passed(self._received, received) or self._received_at
        self._stored_at = _passed(self._stored, stored) or self._stored_at

    def reading(
        self, now: datetime, *, restorable: bool, fault: str = "", spool_bytes: int = 0
    ) -> RpoReading:
        """What would be lost; all of it, where there is no set that the log continues."""
        through = self._received_at if restorable else None
        stored = self._stored_at if restorable else None
        return RpoReading(
            seconds=(now - through).total_seconds() if through else None,
            stored_seconds=(now - stored).total_seconds() if stored else None,
            through=through,
            at=now,
            fault=fault,
            spool_bytes=spool_bytes,
        )


def _passed(marks: deque[tuple[int, datetime]], position: int) -> datetime | None:
    """The newest mark up to there; it and those before it are forgotten."""
    found = None
    while marks and marks[0][0] <= position:
        found = marks.popleft()[1]
    return found
