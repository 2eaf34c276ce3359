"""What people do with pages: look, and take one over. Used by the routes.

While the database is away a page is read from the pager's stand-in beside the spool, and an
acknowledgement goes to the spool, where the pager sees it at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import identity
from api.database.engine import Database, DatabaseAwayError
from api.pages import book, reading
from api.pages.link import Link
from api.pages.model import Delivery, Page, PageKind
from api.pages.standby import Standby
from api.records import AcknowledgementRecord
from api.spool import Spool

Result = TypeVar("Result")


@dataclass(frozen=True)
class Shown:
    """A page with everything that was sent for it."""

    page: Page
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class Desk:
    """The pages as one replica sees them."""

    database: Database
    spool: Spool
    standby: Standby

    async def newest(self, *, only_open: bool, limit: int) -> list[Shown]:
        """Returns pages, the newest first; raises DatabaseAwayError where neither place can be read."""

        async def look(connection: AsyncConnection) -> list[Shown]:
            found = await reading.newest(connection, only_open=only_open, limit=limit)
            return await _with_deliveries(connection, found)

        return await self._read(look)

    async def one(self, page: uuid.UUID) -> Shown | None:
        """Returns a page, None where there is none."""

        async def look(connection: AsyncConnection) -> Shown | None:
            found = await reading.read_pages(connection, {page})
            shown = await _with_deliveries(connection, list(found.values()))
            return shown[0] if shown else None

        return await self._read(look)

    async def of_message(self, message: uuid.UUID) -> Shown | None:
        """Returns the page that counts a person's message."""
        event = identity.risk_event_id(message)
        page = await self._read(lambda connection: reading.page_of_event(connection, event))
        return None if page is None else await self.one(page)

    async def acknowledge(self, page: uuid.UUID, by: str, via: str) -> None:
        """Takes a page over; the first who does so stands. Works while the database is away.

        Raises:
            OSError: neither database nor disk could take it.
        """
        at = datetime.now(UTC)
        try:
            await self.database.run(lambda connection: book.acknowledge(connection, page, by, via, at))
        except (DatabaseAwayError, SQLAlchemyError):
            await self.spool.append(AcknowledgementRecord(page, by, via, at))

    async def press(self, link: Link) -> None:
        """Does what the button of a link means: a canary is confirmed, anything else acknowledged."""
        at = datetime.now(UTC)

        async def confirm(connection: AsyncConnection) -> PageKind | None:
            await book.received(connection, link.delivery, at)
            found = await reading.read_pages(connection, {link.page})
            return found[link.page].kind if link.page in found else None

        try:
            kind = await self.database.run(confirm)
        except (DatabaseAwayError, SQLAlchemyError):
            kind = None
        if kind is not PageKind.CANARY:
            await self.acknowledge(link.page, link.contact, "link")

    async def _read(self, look: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        try:
            return await self.database.run(look)
        except DatabaseAwayError:
            return await self.standby.read(look)


async def _with_deliveries(connection: AsyncConnection, found: list[Page]) -> list[Shown]:
    deliveries = await reading.deliveries_of(connection, {page.id for page in found})
    return [Shown(page, tuple(deliveries[page.id])) for page in found]
