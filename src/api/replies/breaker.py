"""A circuit breaker: after failures in a row a dependency is left alone for a while, then probed by one call.

Used around the language model and around the knowledge search.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum


class State(StrEnum):
    """Closed lets calls through; open refuses them; half-open lets one through to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Ask `allows` before a call, and say afterwards how it went: exactly one of the three."""

    def __init__(
        self, failures: int = 5, pause_s: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._pause_s = pause_s
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        """Where it stands now."""
        if self._opened_at is None:
            return State.CLOSED
        waited = self._clock() - self._opened_at >= self._pause_s
        return State.HALF_OPEN if waited else State.OPEN

    def allows(self) -> bool:
        """Whether a call may go out now; in the half-open state only one at a time."""
        state = self.state
        if state is State.HALF_OPEN and not self._probing:
            self._probing = True
            return True
        return state is State.CLOSED

    def succeeded(self) -> None:
        """The call worked: closed again."""
        self._failures = 0
        self._opened_at = None
        self._probing = False

    def failed(self) -> None:
        """The call did not work; one failure too many opens, and a failed probe opens for another pause."""
        self._failures += 1
        straggler = self._opened_at is not None and not self._probing
        if self._failures >= self._limit and not straggler:
            self._opened_at = self._clock()
        self._probing = False

    def abandoned(self) -> None:
        """The call was cancelled before it said anything; the next one may probe."""
        self._probing = False
