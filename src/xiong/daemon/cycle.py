"""What `xiong watch` does in turns: look, then each step with what was seen.

A step is where something new belongs: deep checks, recovery, schedules, a heartbeat. One that fails is
told and counted, and takes nothing from the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xiong.daemon.exporter import Exporter
from xiong.daemon.observation import Observation, Observer
from xiong.errors import XiongError
from xiong.platforms.base import Progress
from xiong.tools.clock import Clock

LOOK = "look"
_LONGEST_SECONDS = 30.0


@dataclass(frozen=True)
class Step:
    """One thing that is done in each cycle.

    Attributes:
        name: in metrics and logs.
        act: gets what was seen; it is given up after 30 seconds.
    """

    name: str
    act: Callable[[Observation], Awaitable[None]]


class Cycle:
    """Goes round until it is cancelled."""

    def __init__(
        self, observer: Observer, exporter: Exporter, steps: tuple[Step, ...], clock: Clock, told: Progress
    ) -> None:
        self._observer = observer
        self._exporter = exporter
        self._steps = steps
        self._clock = clock
        self._told = told

    async def run(self, every_seconds: float) -> None:
        """Never returns."""
        while True:
            await self.once()
            await self._clock.sleep(every_seconds)

    async def once(self) -> None:
        """One look, and every step with it; without a look no step is taken."""
        seen: list[Observation] = []

        async def look() -> None:
            seen.append(await self._observer.look())

        if not await self._done(LOOK, look()):
            return
        self._exporter.show(seen[0])
        for step in self._steps:
            await self._done(step.name, step.act(seen[0]))
        self._exporter.cycle_ended(self._clock.now())

    async def _done(self, name: str, work: Awaitable[None]) -> bool:
        """Whether it went well; what kept it from that is told."""
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                await work
        except (XiongError, OSError, ValueError) as error:
            reason = error.message if isinstance(error, XiongError) else str(error) or type(error).__name__
            self._told(f"{name} failed: {reason}")
            self._exporter.step_failed(name)
            return False
        return True
