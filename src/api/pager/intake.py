"""Brings what stands in the spool to the pages: messages in danger, and acknowledgements.

Looks every 0.2 s, so that a person is paged while the database is away. The relay brings the same
records to PostgreSQL later; whoever comes second finds them there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeGuard

from sqlalchemy.ext.asyncio import AsyncConnection

from api.logs import Log
from api.pager.duty import Duty
from api.pager.stores import StoreAwayError
from api.pager.tails import Tails
from api.pages.book import acknowledge, place, turn_key
from api.pages.model import PAGED_FROM
from api.records import AcknowledgementRecord, MessageRecord, Record

PERIOD_S = 0.2
AT_ONCE = 100
# a record that no store takes is tried again after so many looks
_LATER = 50
Wanted = MessageRecord | AcknowledgementRecord


class Intake:
    """The way from the spool to the pages."""

    def __init__(self, folder: Path, duty: Duty, wake: Callable[[], None], log: Log) -> None:
        self._tails = Tails(folder)
        self._duty = duty
        self._wake = wake
        self._log = log
        self._waiting: list[Wanted] = []
        self._refused: list[Wanted] = []
        self._looks = 0
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.look()
            except Exception as error:
                self._log.error("the spool could not be read", action="pager.spool", error=error)

    async def look(self) -> None:
        """Brings what is new to where pages are now."""
        if not self._duty.presence.first:
            return
        async with self._one_at_a_time:
            self._waiting += [
                record for record in await asyncio.to_thread(self._tails.read) if _wanted(record)
            ]
            self._looks += 1
            if self._refused and self._looks % _LATER == 0:
                self._waiting += self._refused
                self._refused = []
            while self._waiting:
                some = self._waiting[:AT_ONCE]
                if not await self._bring(some):
                    return
                del self._waiting[: len(some)]

    async def _bring(self, records: Sequence[Wanted]) -> bool:
        """Brings records in one transaction; False where no store answers."""
        try:
            await self._duty.run(lambda connection: _place_all(connection, records))
        except StoreAwayError:
            return False
        except Exception as error:
            if len(records) == 1:
                self._log.error("a spooled record cannot be paged", action="pager.refused", error=error)
                self._refused += records
                return True
            for record in records:
                if not await self._bring([record]):
                    return False
        self._wake()
        return True

    def close(self) -> None:
        """Closes the files."""
        self._tails.close()


def _wanted(record: Record) -> TypeGuard[Wanted]:
    if isinstance(record, MessageRecord):
        return record.level >= PAGED_FROM
    return isinstance(record, AcknowledgementRecord)


async def _place_all(connection: AsyncConnection, records: Sequence[Wanted]) -> None:
    crises = [record.crisis() for record in records if isinstance(record, MessageRecord)]
    # in one order of people, so that two pagers wait for each other but never both
    for crisis in sorted(crises, key=lambda crisis: turn_key(crisis.application, crisis.person)):
        await place(connection, crisis)
    for record in records:
        if isinstance(record, AcknowledgementRecord):
            await acknowledge(connection, record.page_id, record.by, record.via, record.at)
