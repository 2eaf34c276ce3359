"""Holds back who guesses tokens: a few wrong ones a minute from one address.

There is no limit over all addresses: a stranger must not be able to keep those on call from logging in.
"""

from __future__ import annotations

from collections import defaultdict, deque

from xiong.tools.clock import Clock

_SECONDS = 60.0
_WRONG = 5


class Throttle:
    """Counts wrong tokens in memory; right ones are never counted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[float]] = defaultdict(deque)

    def wait_seconds(self, address: str) -> int:
        """For how long that address must wait; 0 where it may try."""
        now = self._clock.monotonic()
        self._forget(now)
        own = self._wrong.get(address, deque())
        return int(own[0] + _SECONDS - now) + 1 if len(own) >= _WRONG else 0

    def wrong(self, address: str) -> None:
        """Counts a wrong token."""
        self._wrong[address].append(self._clock.monotonic())

    def _forget(self, now: float) -> None:
        for address, times in list(self._wrong.items()):
            while times and times[0] <= now - _SECONDS:
                times.popleft()
            if not times:
                del self._wrong[address]
