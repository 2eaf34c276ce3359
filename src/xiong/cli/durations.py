"""Durations as people type them: `90s`, `30m`, `1h`, `2d`."""

from __future__ import annotations

import re
from datetime import timedelta

from xiong.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """What `1h` means.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no duration: expected a number and s, m, h or d, as 30m or 1h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
