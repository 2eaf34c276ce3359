"""The four times of a drill, taken side by side: detect, told, page, heal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime

from xiong.errors import DeadlineError
from xiong.model.drill import Measure
from xiong.operations.drill.crisis import page_seconds
from xiong.operations.drill.drill import Drill, Heals, Stage
from xiong.operations.drill.sightings import Sightings
from xiong.operations.drill.steady import Steady

DETECT, TOLD, PAGE, HEAL = "detect", "told", "page", "heal"
_BY_THEMSELVES = {Heals.SUPERVISOR, Heals.HEALER}
# A figure says more than "not in time": what is late is waited for, for a while.
_PATIENCE_FACTOR = 1.5
_PATIENCE_SECONDS = 10.0
_LONGEST_SECONDS = 3600.0


@dataclass(frozen=True)
class Blow:
    """When the fault began.

    Attributes:
        at: UTC.
        began: the same on `clock.monotonic()`.
        gone: identities of the instances that were hit, which must not be there when all is well again.
    """

    at: datetime
    began: float
    gone: frozenset[str] = frozenset()


def patience(limit: float) -> float:
    """How long is waited for something that is promised within `limit` seconds."""
    return max(limit * _PATIENCE_FACTOR, limit + _PATIENCE_SECONDS)


class Measuring:
    """Takes the times of one drill."""

    def __init__(self, drill: Drill, stage: Stage, steady: Steady, sightings: Sightings) -> None:
        self._drill = drill
        self._stage = stage
        self._steady = steady
        self._sightings = sightings

    @property
    def _holds(self) -> float:
        """How long the fault stands at least."""
        return self._drill.holds_seconds if self._drill.heals is Heals.CLEANUP else 0.0

    async def while_it_stands(self, blow: Blow) -> dict[str, Measure]:
        """What can be measured before the cleanup; the unpromised is given up with the rest."""
        drill, limits = self._drill, self._drill.limits
        works = {DETECT: self._detect(blow), TOLD: self._told(blow)}
        promised = ((DETECT, limits.detect_seconds), (TOLD, limits.told_seconds))
        awaited = {name for name, limit in promised if limit is not None}
        if drill.heals in _BY_THEMSELVES:
            works[HEAL] = self.heal(blow)
            awaited.add(HEAL)
        return await self._side_by_side(works, awaited, self._holds)

    async def page(self) -> Measure:
        """Until every channel took the page; with the database away that is known only after the cleanup."""
        stage, limit = self._stage, self._drill.limits.page_seconds
        if limit is None:
            return Measure(PAGE, None, None, "not promised", judged=False)
        if stage.settings.paging.file is None:
            return Measure(PAGE, None, limit, "not run: paging.file is not set", judged=False)
        work = page_seconds(await stage.platform.endpoint(), stage.clock, self._holds + patience(limit))
        return await self._timed(PAGE, work, limit)

    async def heal(self, blow: Blow) -> Measure:
        """Until all is well again."""
        limit = self._drill.limits.heal_seconds
        ends = blow.began + patience(limit)
        measure = await self._timed(HEAL, self._well(blow, ends), limit)
        return measure if measure.seconds is not None else _unwell(measure, self._steady)

    async def _well(self, blow: Blow, ends: float) -> float:
        return await self._steady.well(ends, blow.gone) - blow.began

    async def _detect(self, blow: Blow) -> Measure:
        seen, limit = self._drill.seen, self._drill.limits.detect_seconds
        if seen is None:
            return Measure(DETECT, None, limit, "nothing is to be seen", judged=False)
        seconds = patience(limit) if limit else _LONGEST_SECONDS
        return await self._timed(DETECT, self._sightings.detected(seen, blow.at, blow.began, seconds), limit)

    async def _told(self, blow: Blow) -> Measure:
        seen, limit = self._drill.seen, self._drill.limits.told_seconds
        if seen is None or limit is None:
            return Measure(TOLD, None, None, "nobody has to be told", judged=False)
        work = self._sightings.told(seen.check, blow.at, blow.began, patience(limit))
        return await self._timed(TOLD, work, limit)

    async def _timed(self, name: str, work: Awaitable[float], limit: float | None) -> Measure:
        try:
            seconds = round(await work, 3)
        except DeadlineError as error:
            return Measure(name, None, limit, error.message)
        self._stage.progress(f"{name} {seconds:.1f} s")
        return Measure(name, seconds, limit)

    async def _side_by_side(
        self, works: Mapping[str, Awaitable[Measure]], awaited: set[str], holds: float
    ) -> dict[str, Measure]:
        tasks = {name: asyncio.ensure_future(work) for name, work in works.items()}
        holding = asyncio.ensure_future(self._stage.clock.sleep(holds))
        try:
            await asyncio.wait([holding, *(tasks[name] for name in awaited)])
        finally:
            for task in (holding, *tasks.values()):
                task.cancel()
            await asyncio.gather(holding, *tasks.values(), return_exceptions=True)
        return {name: _unseen(name) if task.cancelled() else task.result() for name, task in tasks.items()}


def _unseen(name: str) -> Measure:
    return Measure(name, None, None, "not seen, and not promised", judged=False)


def _unwell(measure: Measure, steady: Steady) -> Measure:
    said = "; ".join(steady.seen) or "messages do not get through"
    return Measure(measure.name, None, measure.limit, f"not well: {said}")
