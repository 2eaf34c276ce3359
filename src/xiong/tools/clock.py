"""Time, and the one function that waits; operations get a clock as an argument, tests another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from xiong.errors import DeadlineError

T = TypeVar("T")


class Clock(Protocol):
    """Where operations get the time from."""

    def now(self) -> datetime:
        """The wall clock, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def wait_for(
    condition: Callable[[], Awaitable[T | None]],
    *,
    what: str,
    seconds: float,
    clock: Clock,
    every: float = 0.05,
    hint: str | None = None,
) -> T:
    """Asks `condition` until it gives something true, and returns that.

    Args:
        condition: gives None (or anything false) while the wait must go on.
        what: what is waited for, as it will stand in the error.
        seconds: the deadline from now.
        clock: whose time counts.
        every: seconds between two questions.
        hint: the next command to type when the deadline passes.

    Raises:
        DeadlineError: the deadline passed.
    """
    end = clock.monotonic() + seconds
    while True:
        found = await condition()
        if found:
            return found
        if clock.monotonic() >= end:
            raise DeadlineError(f"{what}: not seen within {seconds:g} s", hint=hint)
        await clock.sleep(every)
