"""A rollback that was begun in the console: it runs in the background and tells how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xiong.errors import LeaseHeldError, PlatformError, XiongError
from xiong.model.receipt import Receipt
from xiong.platforms.base import Progress
from xiong.tools.clock import Clock

Carry = Callable[[str, Progress], Awaitable[Receipt]]
"""Rolls back to that release, telling its progress: `operations.rollback` with everything else bound."""


class Course(StrEnum):
    """How far it is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Run:
    """One rollback.

    Attributes:
        target: the release that is gone back to.
        by: who pressed the button.
        begun_at: UTC.
        course: how far it is.
        lines: its progress, for people.
        receipt: its receipt, once it is done.
        error: why it failed, and what to type next.
    """

    target: str
    by: str
    begun_at: datetime
    course: Course = Course.RUNNING
    lines: list[str] = field(default_factory=list)
    receipt: Receipt | None = None
    error: XiongError | None = None


class Rollbacks:
    """At most one at a time; the last one stays to be looked at."""

    def __init__(self, carry: Carry, clock: Clock) -> None:
        self._carry = carry
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self.last: Run | None = None

    def begin(self, target: str, by: str, ended: Callable[[Run], None]) -> Run:
        """Starts one, and tells `ended` when it is over.

        Raises:
            LeaseHeldError: one that was begun here runs already.
        """
        if self.last is not None and self.last.course is Course.RUNNING:
            raise LeaseHeldError(f"a rollback to {self.last.target} runs, begun by {self.last.by}")
        run = self.last = Run(target, by, self._clock.now())
        self._task = asyncio.create_task(self._go(run, ended))
        return run

    async def finish(self, seconds: float) -> None:
        """Lets a running one end, so that a stop of the console does not cut it in two."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=seconds)
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=10)

    async def _go(self, run: Run, ended: Callable[[Run], None]) -> None:
        try:
            run.receipt = await self._carry(run.target, run.lines.append)
            run.course = Course.DONE
        except XiongError as error:
            run.error = error
        except OSError as error:
            run.error = PlatformError.of(error)
        except BaseException as error:
            run.error = XiongError(f"it was broken off ({type(error).__name__})", hint="xiong status")
            raise
        finally:
            if run.course is Course.RUNNING:
                run.course = Course.FAILED
            ended(run)
