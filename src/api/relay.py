"""Brings spooled records to the database once it is back. Runs as a task in every replica.

A record may be brought twice (a crash between commit and delete): the statements do not mind.
"""

from __future__ import annotations

import asyncio

import orjson
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.conversations import MessageMissingError, store_spooled_message, store_spooled_reply
from api.database.engine import Database, DatabaseAwayError
from api.logs import Log
from api.metrics import Metrics
from api.pages.book import acknowledge
from api.records import AcknowledgementRecord, MessageRecord, Record, ReplyRecord
from api.spool import Segment, Spool

PERIOD_S = 0.5
TRIES = 20
_ALIVE = text("SELECT 1")


class Relay:
    """Empties the spool, over and over."""

    def __init__(self, spool: Spool, database: Database, metrics: Metrics, log: Log) -> None:
        self._spool = spool
        self._database = database
        self._metrics = metrics
        self._log = log
        self._tries: dict[str, int] = {}

    async def run(self) -> None:
        """Empties the spool until cancelled."""
        while True:
            try:
                await self.empty()
            except Exception as error:
                self._log.error("the spool could not be emptied", action="spool.failed", error=error)
            await asyncio.sleep(PERIOD_S)

    async def empty(self) -> int:
        """Brings everything that can be brought now; returns how many records that was."""
        waiting = await self._spool.adopt()
        self._metrics.spooled.set(self._spool.pending)
        # asked first: a segment is closed to be brought, and an outage must not make a file a second
        if not waiting or not await self._there():
            return 0
        brought = 0
        for segment in await self._spool.claim():
            try:
                brought += await self._segment(segment)
            except DatabaseAwayError:
                self._spool.keep(segment)
            except (OSError, ValueError) as error:
                self._spool.keep(segment)
                self._log.error("a segment cannot be read", action="spool.failed", error=error)
        self._metrics.spooled.set(self._spool.pending)
        if brought:
            self._log.info("spooled records are in the database", action="spool.emptied", count=brought)
        return brought

    async def _there(self) -> bool:
        try:
            await self._database.run(lambda connection: connection.execute(_ALIVE))
        except DatabaseAwayError:
            return False
        return True

    async def _segment(self, segment: Segment) -> int:
        records, bad = await asyncio.to_thread(segment.records)
        waiting = [record for record in records if not await self._bring(record)]
        tries = self._tries.get(segment.path.name, 0) + 1
        if waiting and tries < TRIES:
            self._tries[segment.path.name] = tries
            self._spool.keep(segment)
            return 0
        self._tries.pop(segment.path.name, None)
        rejected = bad + [orjson.dumps(record.to_json()) for record in waiting]
        if rejected:
            segment.reject(rejected)
            self._log.error("records were put aside", action="spool.rejected", count=len(rejected))
        self._spool.done(segment, records)
        return len(records) - len(waiting)

    async def _bring(self, record: Record) -> bool:
        """Brings one record; False where the database is there but will not have it (yet)."""
        try:
            await self._database.run(lambda connection: _store(connection, record))
        except MessageMissingError:
            return False
        except SQLAlchemyError as error:
            self._log.warning("a spooled record was refused", action="spool.refused", error=error)
            return False
        return True


async def _store(connection: AsyncConnection, record: Record) -> None:
    match record:
        case MessageRecord():
            await store_spooled_message(connection, record)
        case ReplyRecord():
            await store_spooled_reply(connection, record)
        case AcknowledgementRecord():
            await acknowledge(connection, record.page_id, record.by, record.via, record.at)
