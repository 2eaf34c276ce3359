"""What `xiong watch` does about drills: mends what a killed one left, and runs those of the schedule."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from xiong.config.settings import Settings
from xiong.daemon.observation import Observation
from xiong.errors import LeaseHeldError, XiongError
from xiong.operations.drill import registry, score, standing
from xiong.operations.drill.leftovers import undo_leftovers
from xiong.operations.drill.run import run
from xiong.operations.drill.schedule import due
from xiong.operations.leasing import hold_lease
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

# It would end the process that measures it.
_NEVER_BY_WATCH = "kill-watch"


class DrillKeeper:
    """The step `drills` of each cycle."""

    def __init__(self, platform: Platform, settings: Settings, clock: Clock, told: Progress) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._told = told
        self._running: asyncio.Task[None] | None = None
        self._tried: dict[str, datetime] = {}

    async def act(self, seen: Observation) -> None:
        """Never waits for a drill: it goes on in the background, and ends with the daemon.

        Raises:
            XiongError: what a killed drill left cannot be undone; it is tried again in the next cycle.
        """
        await self._mend()
        if seen.lease is not None or (self._running is not None and not self._running.done()):
            return
        name = await self._due()
        if name is not None:
            self._tried[name] = self._clock.now()
            self._running = asyncio.create_task(self._run(name))

    async def _mend(self) -> None:
        left = await standing.read(self._platform.records)
        if left is None or left.lives(self._clock.now()):
            return
        seconds = self._settings.deploy.lease_seconds
        with suppress(LeaseHeldError):  # a new drill mends it itself, and a deploy ends
            async with hold_lease(self._platform, f"undo drill {left.drill}", seconds, self._clock):
                await undo_leftovers(self._platform, self._settings, self._clock, self._told)

    async def _due(self) -> str | None:
        names = [name for name in self._settings.drills.schedule if name != _NEVER_BY_WATCH]
        if not names:
            return None
        ran = {name: result.begun_at for name, result in (await score.newest(self._platform.records)).items()}
        tried = {
            name: max(at for at in (ran.get(name), self._tried.get(name)) if at is not None)
            for name in {*ran, *self._tried}
        }
        return due(names, self._settings.drills.every_days, tried, self._clock.now())

    async def _run(self, name: str) -> None:
        try:
            made = await run(
                self._platform, self._settings, self._clock, self._told, (registry.by_name(name),)
            )
        except XiongError as error:
            self._told(f"drill {name} was not run: {error.message}")
            return
        for result in made.results:
            self._told(f"drill {name} {result.outcome}" + "".join(f"; {line}" for line in result.why))
