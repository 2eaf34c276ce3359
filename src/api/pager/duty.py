"""Where the pager works at this moment: in PostgreSQL, or in the SQLite file while it is away.

`Duty.run` is the only door of the pager to its pages. When PostgreSQL is back, what happened in SQLite
is merged into it first, and only then anybody works there again. A pager that does not hold the folder's
lock has no SQLite file: it leaves an outage to the one that has.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.engine import Step
from api.logs import Log
from api.pager.hands import Hands
from api.pager.presence import Presence
from api.pager.stores import LocalStore, Store, StoreAwayError
from api.pages import local
from api.pages.absorbing import absorb
from api.pages.snapshot import read_snapshot
from api.pages.tables import pages
from api.pages.working import release

PERIOD_S = 0.2
MERGED_AT_ONCE = 200
# who has no SQLite file gives the one who has the time to merge it
SECOND_WAITS_S = 3.0
Result = TypeVar("Result")


async def _nothing() -> None:
    return None


class Duty:
    """The place to work at."""

    def __init__(self, shared: Store, folder: Path, presence: Presence, hands: Hands, log: Log) -> None:
        self.shared = shared
        self.local: LocalStore | None = None
        self.presence = presence
        self.hands = hands
        self.outage = False
        self.merged = False
        self.turn = asyncio.Lock()
        # asked before merging: what is still on its way into the SQLite file
        self.before_merging: Callable[[], Awaitable[None]] = _nothing
        self.returned: Callable[[], Awaitable[None]] = _nothing
        self._folder = folder
        self._log = log
        self._refused = False

    async def run(self, step: Step[Result]) -> Result:
        """Runs `step` in one transaction, which may happen twice, where pages are now."""
        if not self.outage:
            try:
                return await self.shared.run(step)
            except StoreAwayError as error:
                self._lost(error)
                if self.local is None:
                    raise
        async with self.turn:
            if not self.outage:
                return await self.shared.run(step)
            if self.local is None:
                raise StoreAwayError("another pager works while the database is away")
            await self.rescue()
            return await self.local.run(step)

    async def rescue(self) -> None:
        """Writes to SQLite what we have in our hands; called while the turn is ours."""
        held = self.hands.look(len(self.hands.held))
        if not held or self.local is None:
            return

        async def adopt(connection: AsyncConnection) -> None:
            for one in held.values():
                await local.adopt(connection, one.page, one.deliveries)

        await self.local.run(adopt)
        self.hands.discard(held)

    async def tend(self) -> None:
        """Takes the SQLite file where it is free, and goes back to PostgreSQL where that answers."""
        await self._lead()
        if self.outage:
            if await self._answers():
                await self._return()
        elif self.local is not None and not self.merged:
            async with self.turn:
                with contextlib.suppress(StoreAwayError):
                    await self.merge()
        if not self.outage:
            await self._bury()

    async def keep(self) -> None:
        """Tends to it until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.tend()
            except Exception as error:
                self._log.error("the pager cannot tend to its stores", action="pager.failed", error=error)

    async def merge(self) -> None:
        """Merges what changed in SQLite into PostgreSQL; called while the turn is ours."""
        store = self.local
        if store is None:
            return
        count = 0
        while ids := await store.run(lambda connection: local.changed(connection, MERGED_AT_ONCE)):
            snapshot = await store.run(lambda connection, ids=ids: read_snapshot(connection, ids))  # type: ignore[misc]
            await self.shared.run(lambda connection, found=snapshot: absorb(connection, found))  # type: ignore[misc]
            await store.run(lambda connection, ids=ids: local.merged(connection, ids))  # type: ignore[misc]
            count += len(ids)
        self.merged = True
        if count:
            self._log.info("pages of an outage are in the database", action="pages.merged", count=count)

    def _lost(self, error: StoreAwayError) -> None:
        if not self.outage:
            self.outage, self.merged = True, False
            self._log.warning("the database is away", action="pager.outage", reason=str(error))

    async def _lead(self) -> None:
        if self.local is not None or not self.presence.lead():
            return
        store = LocalStore(self._folder)
        try:
            await store.begin()
            # no other pager lives that could have claimed anything in here
            await store.run(lambda connection: release(connection, None))
        except (StoreAwayError, OSError) as error:
            await store.close()
            if isinstance(error, StoreAwayError) and error.is_damage:
                store.set_aside()
            if not self._refused:
                self._log.critical(
                    "an outage would find no file to work in", action="pager.nofile", error=error
                )
            self._refused = True
            return
        self.local, self._refused = store, False

    async def _answers(self) -> bool:
        try:
            await self.shared.run(lambda connection: connection.execute(select(pages.c.id).limit(1)))
        except StoreAwayError as error:
            self._lost(error)
            return False
        return True

    async def _return(self) -> None:
        if self.local is None:
            await asyncio.sleep(SECOND_WAITS_S)
        await self.before_merging()
        async with self.turn:
            try:
                await self.rescue()
                await self.merge()
            except StoreAwayError:
                return
            self.outage = False
        await self.returned()
        self._log.info("the database is back", action="pager.returned")

    async def begin(self) -> None:
        """Finds out where to work; to be called once, before anything else."""
        self.presence.announce()
        await self._lead()
        if await self._answers():
            await self.tend()

    async def _bury(self) -> None:
        for dead in self.presence.dead():
            try:
                given_back = await self.shared.run(
                    lambda connection, by=dead.id: release(connection, by)  # type: ignore[misc]
                )
            except StoreAwayError:
                dead.leave()
                return
            dead.bury()
            self._log.warning("a pager died; its work is taken up", action="pager.buried", count=given_back)

    async def close(self) -> None:
        """Closes the SQLite file."""
        if self.local is not None:
            await self.local.close()
