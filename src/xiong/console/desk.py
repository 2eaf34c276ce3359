"""The console's parts, put together once per process; every route finds them in `request.app.state.desk`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from xiong.config.settings import Settings
from xiong.console.audit import Audit, audit_in
from xiong.console.board import Lookout
from xiong.console.incidents import Incidents, service_of
from xiong.console.prometheus import Furthest, Prometheus
from xiong.console.rollbacks import Carry, Rollbacks
from xiong.console.sampler import EVERY_SECONDS, Sampler
from xiong.console.series import Ring, Series
from xiong.console.sessions import Sessions, key_in
from xiong.console.throttle import Throttle
from xiong.console.tokens import Tokens
from xiong.model.instance import InstanceState
from xiong.model.receipt import Receipt
from xiong.operations import rollback as rollback_operation
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

_ROLLBACK_END_SECONDS = 75.0


@dataclass(frozen=True)
class Desk:
    """What the routes work with."""

    platform: Platform
    settings: Settings
    clock: Clock
    tokens: Tokens
    sessions: Sessions
    throttle: Throttle
    audit: Audit
    lookout: Lookout
    series: Series
    rollbacks: Rollbacks
    incidents: Incidents
    sampler: Sampler | None

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Samples and watches in the background; lets a rollback end before it leaves."""
        tasks = [asyncio.create_task(self._watch())]
        if self.sampler is not None:
            tasks.append(asyncio.create_task(self.sampler.run()))
        try:
            yield
        finally:
            await self.rollbacks.finish(_ROLLBACK_END_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        """Keeps the public page's incidents."""
        while self.settings.console.public_status:
            board = await self.lookout.board()
            if board.status is None or board.status.committed is not None:
                await self.incidents.look(service_of(board.status), board.at)
            await self.clock.sleep(EVERY_SECONDS)


def desk_for(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    *,
    alertmanager: str = "",
    series: Series | None = None,
    carry: Carry | None = None,
) -> Desk:
    """The parts over one platform.

    Args:
        platform: what is looked at.
        settings: of the copy.
        clock: whose time counts.
        alertmanager: address of its API; empty where there is none.
        series: where figures over time come from; None samples the replicas, and asks a Prometheus
            that runs beside them.
        carry: how a rollback is carried out; None is the verb's own way.
    """
    ring = Ring(every=EVERY_SECONDS)
    tokens = Tokens(platform.records)

    async def prometheus() -> str:
        beside = await platform.instances("prometheus")
        return next((i.url for i in beside if i.url and i.state is InstanceState.READY), "")

    async def roll_back(target: str, progress: Progress) -> Receipt:
        return await rollback_operation.rollback(platform, settings, clock, progress, wanted=target)

    return Desk(
        platform=platform,
        settings=settings,
        clock=clock,
        tokens=tokens,
        sessions=Sessions(key_in(settings.state / "secrets"), tokens),
        throttle=Throttle(clock),
        audit=audit_in(settings.state, clock),
        lookout=Lookout(platform, settings, clock, alertmanager),
        series=series or Furthest(ring, Prometheus(prometheus, clock)),
        rollbacks=Rollbacks(carry or roll_back, clock),
        incidents=Incidents(platform.records),
        sampler=None if series else Sampler(platform, clock, ring),
    )
