"""Between rows and the words of `model`, and what the two databases say differently."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from api.pages.model import Delivery, DeliveryState, Page, PageKind, PageState
from api.pages.tables import page_acknowledgements, page_deliveries, pages
from api.risk.model import Level

PAGE = (
    pages,
    page_acknowledgements.c.acknowledged_at,
    page_acknowledgements.c.acknowledged_by,
    page_acknowledgements.c.acknowledged_via,
)
PAGE_WITH_ACKNOWLEDGEMENT = pages.outerjoin(
    page_acknowledgements, pages.c.id == page_acknowledgements.c.page_id
)
OPEN = pages.c.state == PageState.OPEN.value
WAITING = page_deliveries.c.state == DeliveryState.WAITING.value


def gently(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Returns an insert that can give way to a row that is there."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def as_page(row: Row[Any]) -> Page:
    """Reads a page, with its acknowledgement where the row has one."""
    return Page(
        id=row.id,
        kind=PageKind(row.kind),
        level=Level[row.level],
        opened_at=row.opened_at,
        last_event_at=row.last_event_at,
        events=row.events,
        state=PageState(row.state),
        round=row.round,
        step=row.step,
        next_step_at=row.next_step_at,
        application=row.application,
        person=row.person,
        acknowledged_at=getattr(row, "acknowledged_at", None),
        acknowledged_by=getattr(row, "acknowledged_by", None),
        acknowledged_via=getattr(row, "acknowledged_via", None),
    )


def as_delivery(row: Row[Any]) -> Delivery:
    """Reads a delivery."""
    return Delivery(
        id=row.id,
        page_id=row.page_id,
        round=row.round,
        step=row.step,
        contact=row.contact,
        channel=row.channel,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
        received_at=row.received_at,
        error=row.error,
    )


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """Writes a delivery."""
    return {**vars(delivery), "state": delivery.state.value}


def page_row(page: Page) -> dict[str, Any]:
    """Writes a page, without its acknowledgement."""
    row = vars(page)
    values = {column.name: row[column.name] for column in pages.c}
    return {**values, "kind": page.kind.value, "level": page.level.name, "state": page.state.value}
