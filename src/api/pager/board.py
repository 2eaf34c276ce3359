"""Shows on the metrics how the pages stand, now and then, and who is on call."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from api.logs import Log
from api.pager.duty import Duty
from api.pager.metrics import PagerMetrics
from api.pager.plan import Planning
from api.pager.stores import StoreAwayError
from api.pages.reading import acknowledged_after, oldest_open
from api.risk.model import Level

PERIOD_S = 2.0
# transactions end in another order than their times say
_OVERLAP = timedelta(seconds=60)


class Board:
    """What the metrics of one pager show of all pages."""

    def __init__(
        self,
        duty: Duty,
        planning: Planning,
        metrics: PagerMetrics,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        log: Log,
    ) -> None:
        self._duty = duty
        self._planning = planning
        self._metrics = metrics
        self._clock = clock
        self._wake = wake
        self._log = log
        self._since = clock()
        self._counted: set[uuid.UUID] = set()

    async def run(self) -> None:
        """Shows until cancelled."""
        while True:
            try:
                if await self._planning.look():
                    self._wake()
                self.show_plan()
                await self.show_pages()
            except StoreAwayError:
                pass
            except Exception as error:
                self._log.error("metrics could not be shown", action="pager.failed", error=error)
            await asyncio.sleep(PERIOD_S)

    def show_plan(self) -> None:
        """Shows whether somebody would be called."""
        plan = self._planning.plan
        self._metrics.outage.set(1 if self._duty.outage else 0)
        self._metrics.configured.set(0 if plan is None else 1)
        self._metrics.on_call.set(1 if plan and plan.configuration.rota.on_call(self._clock()) else 0)
        if plan is not None:
            self._metrics.expect(plan.channels)

    async def show_pages(self) -> None:
        """Shows what is open, and counts what was acknowledged since the last look."""
        now = self._clock()

        async def look(
            connection: AsyncConnection,
        ) -> tuple[dict[Level, tuple[int, datetime]], dict[uuid.UUID, float]]:
            since = max(self._since, now - _OVERLAP)
            return await oldest_open(connection), await acknowledged_after(connection, since)

        found, acknowledged = await self._duty.run(look)
        self._metrics.show_open(found)
        for page, seconds in acknowledged.items():
            if page not in self._counted:
                self._metrics.acknowledged(seconds)
        self._counted = set(acknowledged)
