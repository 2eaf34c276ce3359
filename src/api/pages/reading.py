"""What can be asked about pages. Used by the pager, the routes and the metrics; changes nothing."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.pages.model import Delivery, Page, PageKind
from api.pages.rows import OPEN, PAGE, PAGE_WITH_ACKNOWLEDGEMENT, as_delivery, as_page
from api.pages.tables import page_acknowledgements, page_deliveries, page_events, pages
from api.risk.model import Level


async def read_pages(connection: AsyncConnection, ids: set[uuid.UUID]) -> dict[uuid.UUID, Page]:
    """Returns those of the pages that there are."""
    rows = await connection.execute(
        select(*PAGE).select_from(PAGE_WITH_ACKNOWLEDGEMENT).where(pages.c.id.in_(ids))
    )
    return {row.id: as_page(row) for row in rows}


async def page_of_event(connection: AsyncConnection, event: uuid.UUID) -> uuid.UUID | None:
    """Returns the page that counts a risk event."""
    found = await connection.scalar(select(page_events.c.page_id).where(page_events.c.event_id == event))
    return None if found is None else uuid.UUID(str(found))


async def newest(connection: AsyncConnection, *, only_open: bool, limit: int) -> list[Page]:
    """Returns pages, the newest first."""
    wanted = (
        select(*PAGE).select_from(PAGE_WITH_ACKNOWLEDGEMENT).order_by(pages.c.opened_at.desc()).limit(limit)
    )
    rows = await connection.execute(wanted.where(OPEN) if only_open else wanted)
    return [as_page(row) for row in rows]


async def deliveries_of(connection: AsyncConnection, ids: set[uuid.UUID]) -> dict[uuid.UUID, list[Delivery]]:
    """Returns the deliveries of the pages, in the order they were made."""
    rows = await connection.execute(
        select(page_deliveries)
        .where(page_deliveries.c.page_id.in_(ids))
        .order_by(page_deliveries.c.created_at, page_deliveries.c.contact, page_deliveries.c.channel)
    )
    found: dict[uuid.UUID, list[Delivery]] = {page: [] for page in ids}
    for row in rows:
        found[row.page_id].append(as_delivery(row))
    return found


async def oldest_open(connection: AsyncConnection) -> dict[Level, tuple[int, datetime]]:
    """Returns for each level with open crisis pages how many there are and since when."""
    rows = await connection.execute(
        select(pages.c.level, func.count(), func.min(pages.c.opened_at))
        .where(OPEN, pages.c.kind == PageKind.CRISIS.value)
        .group_by(pages.c.level)
    )
    return {Level[level]: (count, since) for level, count, since in rows}


async def acknowledged_after(connection: AsyncConnection, after: datetime) -> dict[uuid.UUID, float]:
    """Returns the crisis pages that were acknowledged since, and how many seconds they had waited."""
    rows = await connection.execute(
        select(pages.c.id, pages.c.opened_at, page_acknowledgements.c.acknowledged_at)
        .join(page_acknowledgements, pages.c.id == page_acknowledgements.c.page_id)
        .where(page_acknowledgements.c.acknowledged_at > after, pages.c.kind == PageKind.CRISIS.value)
    )
    return {row.id: (row.acknowledged_at - row.opened_at).total_seconds() for row in rows}


async def last_acknowledged(connection: AsyncConnection, kind: PageKind, via: str) -> datetime | None:
    """Returns when a page of this kind was last acknowledged in this way."""
    found: datetime | None = await connection.scalar(
        select(func.max(page_acknowledgements.c.acknowledged_at))
        .join(pages, pages.c.id == page_acknowledgements.c.page_id)
        .where(pages.c.kind == kind.value, page_acknowledgements.c.acknowledged_via == via)
    )
    return found
