"""What a death means: how it is told, and after which pause the next start may come. No I/O."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Final

_PAUSES_S: Final = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0)


def describe(code: int | None, lived: float) -> str:
    """How a process ended, for people; only its parent is told the code."""
    if code is None:
        return f"ended after {lived:.1f} s; how is not known, an earlier supervisor had started it"
    if code >= 0:
        return f"exited with status {code} after {lived:.1f} s"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"killed by {name} after {lived:.1f} s"


def recent(history: Sequence[float], now: float, within_s: float) -> list[float]:
    """The restarts that count. One from the future (the clock was set back) does not."""
    return [moment for moment in history if 0 <= now - moment < within_s]


def pause(restarts: int, max_restarts: int) -> float | None:
    """Seconds until the next restart after so many recent ones; None when it must not come."""
    if restarts >= max_restarts:
        return None
    return _PAUSES_S[min(restarts, len(_PAUSES_S) - 1)]
