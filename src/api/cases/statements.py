"""The statements of a case, each safe to repeat. A look is written down before anything is read for it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.model import Case, Contact, Look, Outcome, RecordedOutcome, Said, Trigger
from api.database.tables import case_contacts, page_outcomes, page_views, risk_events
from api.pages import reading
from api.pages.model import Page
from api.pages.tables import page_events

AROUND = 20
"""Messages shown before the first trigger of a conversation, and after the last."""

_LOOKS_SHOWN = 100
# numbers of a conversation have gaps: the ends of the window are found by counting rows
_AROUND = text(
    "WITH trigger AS (SELECT conversation_id AS id, min(sequence) AS first, max(sequence) AS last"
    " FROM messages WHERE id = ANY(:messages) GROUP BY conversation_id)"
    " SELECT m.id, m.conversation_id, m.role, m.content, m.risk_level AS level, m.created_at"
    " FROM trigger t JOIN messages m ON m.conversation_id = t.id"
    " WHERE m.sequence >= coalesce((SELECT b.sequence FROM messages b WHERE b.conversation_id = t.id"
    " AND b.sequence < t.first ORDER BY b.sequence DESC OFFSET :around - 1 LIMIT 1), 0)"
    " AND m.sequence <= coalesce((SELECT a.sequence FROM messages a WHERE a.conversation_id = t.id"
    " AND a.sequence > t.last ORDER BY a.sequence OFFSET :around - 1 LIMIT 1),"
    " CAST(9223372036854775807 AS bigint))"
    " ORDER BY t.first, m.sequence"
)


async def open_case(connection: AsyncConnection, look: Look) -> Case | None:
    """Writes the look down, then reads the case; None, and nothing written, where there is no such page."""
    page = (await reading.read_pages(connection, {look.page_id})).get(look.page_id)
    if page is None:
        return None
    await connection.execute(insert(page_views).values(vars(look)).on_conflict_do_nothing())
    triggers = await _triggers(connection, page.id)
    return Case(
        look=look,
        page=page,
        deliveries=tuple((await reading.deliveries_of(connection, {page.id}))[page.id]),
        said=await _said(connection, [trigger.message_id for trigger in triggers if trigger.message_id]),
        triggers=triggers,
        contact=await _contact(connection, page),
        looks=await _looks(connection, look),
        outcomes=await _outcomes(connection, page.id),
    )


async def record_outcome(connection: AsyncConnection, recorded: RecordedOutcome) -> bool:
    """Records how a case ended, beside what was recorded before; False where there is no such page."""
    if recorded.page_id not in await reading.read_pages(connection, {recorded.page_id}):
        return False
    values = {**vars(recorded), "outcome": recorded.outcome.value}
    await connection.execute(insert(page_outcomes).values(values).on_conflict_do_nothing())
    return True


async def set_contact(
    connection: AsyncConnection, application: str, person: str, contact: str | None, at: datetime
) -> None:
    """Keeps whom to reach about a person in place of what was kept before; None keeps nobody."""
    if contact is None:
        mine = (case_contacts.c.application == application, case_contacts.c.person == person)
        await connection.execute(delete(case_contacts).where(*mine))
        return
    values = {"application": application, "person": person, "contact": contact, "updated_at": at}
    new = insert(case_contacts).values(values)
    await connection.execute(
        new.on_conflict_do_update(
            index_elements=["application", "person"],
            set_={"contact": new.excluded.contact, "updated_at": new.excluded.updated_at},
        )
    )


async def _triggers(connection: AsyncConnection, page: uuid.UUID) -> tuple[Trigger, ...]:
    rows = await connection.execute(
        select(risk_events)
        .join(page_events, page_events.c.event_id == risk_events.c.id)
        .where(page_events.c.page_id == page)
        .order_by(risk_events.c.created_at, risk_events.c.id)
    )
    return tuple(
        Trigger(row.id, row.message_id, row.level, tuple(row.categories), tuple(row.rules), row.created_at)
        for row in rows
    )


async def _said(connection: AsyncConnection, messages: list[uuid.UUID]) -> tuple[Said, ...]:
    if not messages:
        return ()
    rows = await connection.execute(_AROUND, {"messages": messages, "around": AROUND})
    return tuple(Said(**row) for row in _named(rows))


async def _contact(connection: AsyncConnection, page: Page) -> Contact | None:
    rows = await connection.execute(
        select(case_contacts.c.contact, case_contacts.c.updated_at).where(
            case_contacts.c.application == page.application, case_contacts.c.person == page.person
        )
    )
    row = rows.first()
    return None if row is None else Contact(row.contact, row.updated_at)


async def _looks(connection: AsyncConnection, look: Look) -> tuple[Look, ...]:
    rows = await connection.execute(
        select(page_views)
        .where(page_views.c.page_id == look.page_id, page_views.c.id != look.id)
        .order_by(page_views.c.seen_at.desc())
        .limit(_LOOKS_SHOWN)
    )
    return tuple(Look(**row) for row in _named(rows))


async def _outcomes(connection: AsyncConnection, page: uuid.UUID) -> tuple[RecordedOutcome, ...]:
    rows = await connection.execute(
        select(page_outcomes)
        .where(page_outcomes.c.page_id == page)
        .order_by(page_outcomes.c.recorded_at.desc())
        .limit(_LOOKS_SHOWN)
    )
    return tuple(RecordedOutcome(**{**row, "outcome": Outcome(row["outcome"])}) for row in _named(rows))


def _named(rows: Any) -> list[dict[str, Any]]:
    """Returns rows by the names of their columns, which are those of the model."""
    return [{str(name): value for name, value in row.items()} for row in rows.mappings()]
