"""Whether all is well, as a drill judges it before its fault and after: by asking, not by being told."""

from __future__ import annotations

import asyncio

from xiong.config.settings import Settings
from xiong.errors import DeadlineError, UnhealthyError
from xiong.model.health import Verdict
from xiong.model.instance import Instance
from xiong.model.recovery import Condition
from xiong.operations.drill.drill import Seen
from xiong.operations.drill.load import DrillLoad
from xiong.operations.health.run import examine
from xiong.operations.recovery.memory import MemoryStore
from xiong.operations.status import status
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock, wait_for
from xiong.tools.http import Http

WINDOW_SECONDS = 3.0
_ANSWER_SECONDS = 1.0
_EVERY_SECONDS = 0.2
_STEADY_SECONDS = 30.0


class Steady:
    """Looks at one copy again and again."""

    def __init__(
        self, platform: Platform, settings: Settings, clock: Clock, load: DrillLoad, seen: Seen | None
    ) -> None:
        """Looks at nothing yet.

        Args:
            platform: where the service runs.
            settings: of this copy.
            clock: whose time counts.
            load: the drill's messages: they must get through.
            seen: what shows the drill's fault: its check must find neither that nor anything unhealthy.
        """
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._load = load
        self._shows = seen
        self.seen: tuple[str, ...] = ()

    async def healer_rests(self) -> None:
        """Waits until the healer has done with the check: what it watches still, or froze, is no new fault.

        Raises:
            UnhealthyError: it has not; where it stands is named.
        """
        if self._shows is None:
            return
        check, memory = self._shows.check, MemoryStore(self._platform.records)

        async def rests() -> bool:
            return (await memory.load()).of(check).condition is Condition.HEALTHY

        seconds = self._settings.recovery.window_seconds + _STEADY_SECONDS
        try:
            await wait_for(
                rests, what="the healer at rest", seconds=seconds, clock=self._clock, every=_EVERY_SECONDS
            )
        except DeadlineError as error:
            stands = (await memory.load()).of(check).condition
            raise UnhealthyError(
                f"no drill while the healer is not done with {check}: it is {stands}", hint="xiong recover"
            ) from error

    async def begin(self) -> None:
        """Waits until all is well.

        Raises:
            UnhealthyError: it is not; what is amiss is named.
        """
        try:
            await self.well(self._clock.monotonic() + _STEADY_SECONDS, frozenset())
        except DeadlineError as error:
            said = "; ".join(self.seen) or "the probe's messages do not get through"
            raise UnhealthyError(
                f"no drill on a service that is not well: {said}", hint="xiong health"
            ) from error

    async def well(self, ends: float, gone: frozenset[str]) -> float:
        """When (`clock.monotonic()`) all began to be well for a whole window.

        Args:
            ends: the deadline, on that clock.
            gone: identities of instances that must not run any more.

        Raises:
            DeadlineError: not by then; `seen` says what was amiss last.
        """
        since: list[float] = []

        async def for_a_window() -> float | None:
            begun = self._clock.monotonic()
            self.seen = await self._faults(gone)
            if self.seen or self._load.stuck(since[0] if since else begun, begun):
                since.clear()
                return None
            since[:] = since or [begun]
            if begun - since[0] < WINDOW_SECONDS or not self._load.flowing(since[0]):
                return None
            return since[0]

        return await wait_for(
            for_a_window,
            what="all well",
            seconds=ends - self._clock.monotonic(),
            clock=self._clock,
            every=_EVERY_SECONDS,
        )

    async def _faults(self, gone: frozenset[str]) -> tuple[str, ...]:
        found = await status(self._platform, self._settings, self._clock)
        replicas = [instance for instance in found.instances if instance.service == "api"]
        silent = await asyncio.gather(*(_silent(replica) for replica in replicas))
        left = [
            f"{one.name} is still the one that was hit" for one in found.instances if one.identity in gone
        ]
        faults = (*found.faults, *(fault for fault in silent if fault), *left)
        return faults or await self._ill()

    async def _ill(self) -> tuple[str, ...]:
        """Deep, and only once all else is well: it costs more."""
        if self._shows is None:
            return ()
        report = await examine(self._platform, self._settings, self._clock, (self._shows.check,))
        return tuple(
            f"{f.check}: {f.summary}"
            for f in report.findings
            if f.verdict is Verdict.UNHEALTHY or f.cause in self._shows.causes
        )


async def _silent(replica: Instance) -> str | None:
    """Why a replica is not well, asked itself: a process that hangs still counts as ready elsewhere."""
    if replica.url is None:
        return None
    async with Http(replica.url, timeout_seconds=_ANSWER_SECONDS, keep_alive=False) as http:
        answer = await http.request("GET", "/api/v1/ready")
    if answer is None:
        return f"{replica.name} does not answer within {_ANSWER_SECONDS:g} s"
    return None if answer.status == 200 else f"{replica.name} answers with status {answer.status}"
