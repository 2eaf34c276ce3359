"""Which drill is due; `xiong watch` asks in every cycle. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

# Drills in quick succession would use up what the healer may do in an hour.
BETWEEN = timedelta(hours=1)


def due(names: Sequence[str], every_days: float, tried: Mapping[str, datetime], now: datetime) -> str | None:
    """The drill to run now, the one that was tried longest ago first; None where none is due.

    Args:
        names: of the schedule.
        every_days: between two runs of the same drill.
        tried: {drill: when it was last run, or would have been}.
        now: UTC.
    """
    last = max((at for name, at in tried.items() if name in names), default=None)
    if last is not None and now - last < BETWEEN:
        return None
    every = timedelta(days=every_days)
    waiting = [name for name in names if name not in tried or now - tried[name] >= every]
    return min(waiting, key=lambda name: tried[name].timestamp() if name in tried else 0.0, default=None)
