"""Copies open pages with their deliveries from PostgreSQL to the SQLite file, off the way of any page.

So an outage finds the pages that were open before it. What this pager works on is copied at once; what
others changed (other pagers, the routes) is found by looking through the open pages now and then.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.logs import Log
from api.pager.duty import Duty
from api.pager.stores import StoreAwayError
from api.pages import local
from api.pages.rows import OPEN
from api.pages.snapshot import Snapshot, read_snapshot
from api.pages.tables import pages

PERIOD_S = 0.5
SWEEP_EVERY_S = 5.0
# looking through may take this part of our time
SWEEP_SHARE = 20
AT_ONCE = 500
KEPT = timedelta(hours=1)
Mark = tuple[Any, ...]


class Mirror:
    """The copy of one pager."""

    def __init__(self, duty: Duty, clock: Callable[[], datetime], log: Log) -> None:
        self._duty = duty
        self._clock = clock
        self._log = log
        self._known: dict[uuid.UUID, Mark | None] | None = None
        self._next_sweep = 0.0

    async def run(self) -> None:
        """Copies until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.copy()
            except StoreAwayError:
                continue
            except Exception as error:
                self._log.error("pages could not be copied", action="mirror.failed", error=error)

    async def copy(self, *, sweep: bool = False) -> None:
        """Copies what changed; `sweep` looks through all open pages, as is done now and then anyway."""
        duty = self._duty
        if duty.local is None:
            # another pager on this folder copies
            duty.hands.held.clear()
        if duty.local is None or duty.outage or not duty.merged:
            return
        held = duty.hands.look(AT_ONCE)
        if held:
            await self._take(sorted(held))
            duty.hands.discard(held)
        if sweep or time.monotonic() >= self._next_sweep:
            began = time.monotonic()
            await self._sweep()
            took = time.monotonic() - began
            self._next_sweep = time.monotonic() + max(SWEEP_EVERY_S, SWEEP_SHARE * took)

    async def _sweep(self) -> None:
        duty = self._duty
        assert duty.local is not None  # noqa: S101 - copy() looked
        if self._known is None:
            self._known = dict.fromkeys(await duty.local.run(local.open_ids))
        marks = await duty.shared.run(_marks)
        changed = [page for page, mark in marks.items() if self._known.get(page) != mark]
        closed = [page for page in self._known if page not in marks]
        wanted = sorted((*changed, *closed))
        for first in range(0, len(wanted), AT_ONCE):
            await self._take(wanted[first : first + AT_ONCE])
        self._known = dict(marks)
        await duty.local.run(lambda connection: local.purge(connection, self._clock() - KEPT))

    async def _take(self, ids: list[uuid.UUID]) -> None:
        duty = self._duty
        snapshot: Snapshot = await duty.shared.run(lambda connection: read_snapshot(connection, ids))
        async with duty.turn:
            # what was read before an outage is older than what happens in it
            if duty.local is None or duty.outage or not duty.merged:
                raise StoreAwayError("an outage began")
            await duty.local.run(lambda connection: local.copy(connection, snapshot))


async def _marks(connection: AsyncConnection) -> dict[uuid.UUID, Mark]:
    """What shows that an open page changed."""
    rows = await connection.execute(
        select(pages.c.id, pages.c.round, pages.c.step, pages.c.events, pages.c.next_step_at, pages.c.person)
        .where(OPEN)
        .order_by(pages.c.opened_at)
    )
    return {row.id: tuple(row)[1:] for row in rows}
