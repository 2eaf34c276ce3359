"""Everything that is held of a person, as one JSON document, read in one snapshot of the database."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.tables import (
    case_contacts,
    conversations,
    erasures,
    messages,
    page_outcomes,
    page_views,
    risk_events,
)
from api.pages.tables import page_acknowledgements, page_deliveries, page_events, pages
from api.person import spooled
from api.person.fields import exported, left_out
from api.person.refusals import nobody
from api.person.register import Marker
from api.person.rows import (
    Subject,
    applications_of,
    case_contacts_of,
    conversations_of,
    messages_of,
    page_ids,
    pages_of,
    risk_events_of,
)

Document = dict[str, Any]


async def export(
    connection: AsyncConnection, subject: Subject, marker: Marker, folder: Path, now: datetime
) -> Document:
    """Returns the document; its tables are named as in the database.

    Raises:
        NobodyError: nothing is held under that id.
    """
    found: dict[str, list[Document]] = {}
    for table, rows in _rows(subject, await _marks(connection, subject, marker)).items():
        found[table] = [_shown(row) for row in (await connection.execute(rows)).mappings()]
    said: set[uuid.UUID] = {row["id"] for row in found["messages"]}
    aside = spooled.put_aside(folder, subject, said)
    if not any(found.values()) and not aside:
        raise nobody()
    return {
        "person": subject.person,
        "application": subject.application,
        "person_hmac": marker.mark(subject.person, subject.application),
        "exported_at": now,
        **found,
        "put_aside": aside,
        "left_out": list(left_out()),
    }


async def _marks(connection: AsyncConnection, subject: Subject, marker: Marker) -> set[str]:
    names = {subject.application} if subject.application else await applications_of(connection, subject)
    return marker.marks(subject.person, names)


def _rows(subject: Subject, marks: set[str]) -> Mapping[str, Select[Any]]:
    ours = page_ids(subject)
    wanted: tuple[tuple[Table, ColumnElement[bool], ColumnElement[Any]], ...] = (
        (conversations, conversations_of(subject), conversations.c.created_at),
        (messages, messages_of(subject), messages.c.sequence),
        (risk_events, risk_events_of(subject), risk_events.c.created_at),
        (pages, pages_of(subject), pages.c.opened_at),
        (page_events, page_events.c.page_id.in_(ours), page_events.c.created_at),
        (page_deliveries, page_deliveries.c.page_id.in_(ours), page_deliveries.c.created_at),
        (
            page_acknowledgements,
            page_acknowledgements.c.page_id.in_(ours),
            page_acknowledgements.c.acknowledged_at,
        ),
        (page_views, page_views.c.page_id.in_(ours), page_views.c.seen_at),
        (page_outcomes, page_outcomes.c.page_id.in_(ours), page_outcomes.c.recorded_at),
        (case_contacts, case_contacts_of(subject), case_contacts.c.updated_at),
        (erasures, erasures.c.person_hmac.in_(marks), erasures.c.at),
    )
    return {
        str(table.name): select(*(table.c[name] for name in exported(table.name))).where(mine).order_by(order)
        for table, mine, order in wanted
    }


def _shown(row: Mapping[str, Any]) -> Document:
    # the driver's names and ids are kinds of their own
    return {str(name): value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
