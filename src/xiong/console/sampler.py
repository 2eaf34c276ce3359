"""Asks every replica for its metrics every few seconds, and keeps an hour of it in memory. Run by `desk`."""

from __future__ import annotations

import asyncio

from xiong.console.scrapes import Counting, Tick, counters, gauges
from xiong.console.series import Ring
from xiong.errors import XiongError
from xiong.model.instance import Instance
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock
from xiong.tools.http import Http, Samples

EVERY_SECONDS = 5.0
_TIMEOUT_SECONDS = 3.0


class Sampler:
    """Fills a ring until it is cancelled."""

    def __init__(self, platform: Platform, clock: Clock, ring: Ring) -> None:
        self._platform = platform
        self._clock = clock
        self._ring = ring
        self._counting = Counting()
        self._last: float | None = None

    async def run(self) -> None:
        """Goes on for ever; what cannot be seen now leaves a gap."""
        while True:
            begun = self._clock.monotonic()
            await self.sample()
            await self._clock.sleep(max(0.5, EVERY_SECONDS - (self._clock.monotonic() - begun)))

    async def sample(self) -> None:
        """One round over all replicas."""
        try:
            replicas = [i for i in await self._platform.instances("api") if i.url]
        except (XiongError, OSError):
            return  # not to be seen now, which does not mean that they are gone
        scraped = dict(zip(replicas, await asyncio.gather(*map(_scrape, replicas)), strict=True))
        found = {replica.identity: samples for replica, samples in scraped.items() if samples is not None}
        increments = self._counting.increments(
            {name: counters(samples) for name, samples in found.items()}, [r.identity for r in replicas]
        )
        now = self._clock.now().timestamp()
        seconds, self._last = now - (self._last or now), now
        self._ring.add(Tick(now, seconds, increments, gauges(found.values())))


async def _scrape(replica: Instance) -> Samples | None:
    async with Http(replica.url or "", timeout_seconds=_TIMEOUT_SECONDS) as http:
        try:
            return await http.samples()
        except ValueError:  # no metrics text: another process took the port
            return None
