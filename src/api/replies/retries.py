"""When a failed request to the model may be sent again. Used by the completion client.

At most about one retry for ten requests, over all messages: an endpoint that is down for everybody gets
a tenth more traffic, not three times as much.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from api.replies.failure import ModelError


class RetryBudget:
    """A bucket that every request fills a little and every retry empties by one."""

    def __init__(self, share: float = 0.1, most: float = 10.0, start: float = 2.0) -> None:
        self._share = share
        self._most = most
        self._tokens = start

    def requested(self) -> None:
        """Notes one first attempt."""
        self._tokens = min(self._most, self._tokens + self._share)

    def take(self) -> bool:
        """Takes one retry, if there is one."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class RetryPolicy:
    """The back-off hook of one message: whether to retry, and how long to wait where the server said so."""

    def __init__(self, budget: RetryBudget, attempts: int, ends: float, clock: Callable[[], float]) -> None:
        self._budget = budget
        self._left = attempts - 1
        self._ends = ends
        self._clock = clock

    def __call__(self, error: Exception) -> bool | float:
        """True backs off as usual, a number waits that long, False gives up."""
        if not isinstance(error, ModelError) or not error.retryable or self._left <= 0:
            return False
        wait = error.retry_after
        if wait is not None and self._clock() + wait >= self._ends:
            return False
        if not self._budget.take():
            return False
        self._left -= 1
        return True if wait is None else wait


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, in either of its two forms; None where it says nothing."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    with contextlib.suppress(ValueError):
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
