"""What happened to pages in the SQLite file while PostgreSQL was away, merged into PostgreSQL.

Run by the pager when PostgreSQL is back, before it claims there. Each run of `absorb` is one
transaction and may be repeated: further steps, acknowledgements and sends win, in whichever order
they come. Meanwhile the relay may have opened other pages for the same events: what the pager decided
during the outage stands, since somebody was called by it.
"""

from __future__ import annotations

import uuid

from sqlalchemy import and_, bindparam, delete, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.pages.book import settle, turn_key, wake
from api.pages.model import JOIN_SECONDS, DeliveryState, PageKind
from api.pages.rows import OPEN, WAITING
from api.pages.snapshot import Rows, Snapshot
from api.pages.tables import page_acknowledgements, page_deliveries, page_events, pages
from api.risk.model import Level

# pages of the same people that nobody began to work on: their events belong on the absorbed page
_DOUBLES = text(
    "SELECT other.id AS other, kept.id AS kept FROM pages kept JOIN pages other"
    " ON other.application = kept.application AND other.person = kept.person AND other.kind = kept.kind"
    " WHERE kept.id = ANY(:kept) AND NOT other.id = ANY(:kept)"
    " AND kept.state = 'open' AND other.state = 'open' AND other.step = -1"
    " AND array_position(:levels, other.level) <= array_position(:levels, kept.level)"
    " AND other.opened_at > kept.opened_at - make_interval(secs => :seconds)"
    " AND other.opened_at < kept.opened_at + make_interval(secs => :seconds)"
    " ORDER BY kept.opened_at FOR UPDATE OF other SKIP LOCKED"
)
_TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(key, 0))"
    " FROM (SELECT DISTINCT unnest(CAST(:keys AS text[])) AS key ORDER BY key) AS wanted"
)


async def absorb(connection: AsyncConnection, snapshot: Snapshot) -> None:
    """Merges what the snapshot says into PostgreSQL."""
    ids = list(snapshot.ids)
    await _take_turns(connection, snapshot)
    news = await _not_risen(connection, snapshot.events)
    left_behind = await _pages_of(connection, ids, news)
    await _pages(connection, snapshot.pages)
    await _events(connection, news)
    left_behind |= await _gather(connection, ids)
    await _deliveries(connection, snapshot.deliveries)
    if snapshot.acknowledgements:
        await connection.execute(
            insert(page_acknowledgements).on_conflict_do_nothing(), snapshot.acknowledgements
        )
    await settle(connection, ids)
    await _count(connection, ids)
    await _drop(connection, sorted(left_behind))
    await wake(connection)


async def _take_turns(connection: AsyncConnection, snapshot: Snapshot) -> None:
    """Keeps the chat path from opening pages for the same people meanwhile, as `place` does."""
    keys = [
        turn_key(row["application"], row["person"]) for row in snapshot.pages if row["person"] is not None
    ]
    if keys:
        await connection.execute(_TURNS, {"keys": keys})


async def _not_risen(connection: AsyncConnection, rows: Rows) -> Rows:
    """Leaves out events that were judged worse here: they stay on the page of that level."""
    found = await connection.execute(
        select(page_events.c.event_id, page_events.c.level).where(
            page_events.c.event_id.in_([row["event_id"] for row in rows])
        )
    )
    here = {row.event_id: Level[row.level] for row in found}
    return [row for row in rows if here.get(row["event_id"], Level.NONE) <= Level[row["level"]]]


async def _pages_of(connection: AsyncConnection, ids: list[uuid.UUID], events: Rows) -> set[uuid.UUID]:
    """Returns the other pages that count these events now."""
    wanted = [row["event_id"] for row in events]
    found = await connection.scalars(
        select(page_events.c.page_id)
        .where(page_events.c.event_id.in_(wanted), page_events.c.page_id.not_in(ids))
        .distinct()
    )
    return set(found)


async def _pages(connection: AsyncConnection, rows: Rows) -> None:
    if not rows:
        return
    await connection.execute(insert(pages).on_conflict_do_nothing(), rows)
    earlier = or_(
        pages.c.round < bindparam("to_round"),
        and_(pages.c.round == bindparam("to_round"), pages.c.step < bindparam("to_step")),
        and_(
            pages.c.round == bindparam("to_round"),
            pages.c.step == bindparam("to_step"),
            pages.c.next_step_at > bindparam("next", type_=pages.c.next_step_at.type),
        ),
    )
    further = (
        update(pages)
        .where(pages.c.id == bindparam("page"), earlier)
        .values(round=bindparam("to_round"), step=bindparam("to_step"), next_step_at=bindparam("next"))
    )
    await connection.execute(
        further,
        [
            {
                "page": row["id"],
                "to_round": row["round"],
                "to_step": row["step"],
                "next": row["next_step_at"],
            }
            for row in sorted(rows, key=lambda row: row["id"])
        ],
    )


async def _events(connection: AsyncConnection, rows: Rows) -> None:
    if rows:
        new = insert(page_events)
        await connection.execute(
            new.on_conflict_do_update(
                index_elements=[page_events.c.event_id],
                set_={"page_id": new.excluded.page_id, "level": new.excluded.level},
            ),
            rows,
        )


async def _gather(connection: AsyncConnection, ids: list[uuid.UUID]) -> set[uuid.UUID]:
    """Moves the events of pages that nobody began onto the absorbed page of the same person."""
    levels = [level.name for level in sorted(Level)]
    found = await connection.execute(_DOUBLES, {"kept": ids, "levels": levels, "seconds": JOIN_SECONDS})
    moved = {row.other: row.kept for row in found}
    for other, kept in moved.items():
        await connection.execute(
            update(page_events).where(page_events.c.page_id == other).values(page_id=kept)
        )
    return set(moved)


async def _deliveries(connection: AsyncConnection, rows: Rows) -> None:
    if not rows:
        return
    new = insert(page_deliveries)
    taken = and_(new.excluded.sent_at.is_not(None), page_deliveries.c.sent_at.is_(None))
    tried = and_(
        WAITING,
        new.excluded.state == DeliveryState.WAITING.value,
        new.excluded.attempts > page_deliveries.c.attempts,
    )
    changing = ("state", "attempts", "due_at", "claimed_until", "claimed_by", "sent_at", "error")
    await connection.execute(
        new.on_conflict_do_update(
            index_elements=[page_deliveries.c.id],
            set_={name: new.excluded[name] for name in changing},
            where=or_(taken, tried),
        ),
        sorted(rows, key=lambda row: row["id"]),
    )


async def _count(connection: AsyncConnection, ids: list[uuid.UUID]) -> None:
    """Counts again: the outage and the relay may each have counted a part."""
    of_page = page_events.c.page_id == pages.c.id
    events = select(func.count()).where(of_page).scalar_subquery()
    latest = select(func.max(page_events.c.created_at)).where(of_page).scalar_subquery()
    await connection.execute(
        update(pages)
        .where(
            pages.c.id.in_(ids),
            pages.c.kind != PageKind.NOTICE.value,
            select(literal(1)).where(of_page).exists(),
        )
        .values(events=events, last_event_at=func.greatest(pages.c.last_event_at, latest))
    )


async def _drop(connection: AsyncConnection, ids: list[uuid.UUID]) -> None:
    """Deletes pages whose events went elsewhere, unless somebody was called by them or took them over."""
    if not ids:
        return
    has_events = select(page_events.c.event_id).where(page_events.c.page_id == pages.c.id).exists()
    has_sent = (
        select(page_deliveries.c.id)
        .where(page_deliveries.c.page_id == pages.c.id, page_deliveries.c.sent_at.is_not(None))
        .exists()
    )
    empty = (
        await connection.scalars(
            select(pages.c.id)
            .where(pages.c.id.in_(ids), OPEN, pages.c.kind != PageKind.NOTICE.value, ~has_events, ~has_sent)
            .with_for_update()
        )
    ).all()
    await connection.execute(delete(page_deliveries).where(page_deliveries.c.page_id.in_(empty)))
    await connection.execute(delete(pages).where(pages.c.id.in_(empty)))
