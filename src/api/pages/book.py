"""The statements of a page's life, each safe to repeat, in PostgreSQL and SQLite alike.

The chat path runs `place` in the transaction that stores the message; the routes acknowledge; the
pager works on what is there (`working`).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.pages.model import (
    JOIN_SECONDS,
    Crisis,
    DeliveryState,
    Page,
    PageKind,
    PageState,
    page_id,
)
from api.pages.rows import OPEN, WAITING, gently, page_row
from api.pages.tables import page_acknowledgements, page_deliveries, page_events, pages
from api.risk.model import Level

CHANNEL = "pages"
"""What PostgreSQL notifies when a page may be due."""

# in one round trip; pagers are told when this transaction commits, not before
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0)), pg_notify(:channel, '')")


async def place(connection: AsyncConnection, crisis: Crisis) -> uuid.UUID:
    """Counts a risk event on its person's page, or opens one; returns the page's id.

    A page is joined while it is open, of no lower level, and younger than JOIN_SECONDS. An event that
    is known already, at a higher level now, moves on to such a page; it never counts on two.
    """
    await _take_turn(connection, turn_key(crisis.application, crisis.person))
    known = (await connection.execute(_known(crisis.event_id))).first()
    if known is not None:
        return await _move_on(connection, crisis, known)
    found = await connection.scalar(_joinable(crisis))
    if found is None:
        page = page_id(crisis.event_id)
        counted = await _insert(connection, _opened_by(crisis, page))
    else:
        page, counted = uuid.UUID(str(found)), False
    await connection.execute(
        gently(connection, page_events).values(
            event_id=crisis.event_id, page_id=page, level=crisis.level.name, created_at=crisis.created_at
        )
    )
    if not counted:
        await _count(connection, page, crisis.created_at)
    return page


async def _move_on(connection: AsyncConnection, crisis: Crisis, known: Row[Any]) -> uuid.UUID:
    """Moves a known event on, where nobody was called at its level yet; returns the page it counts on."""
    before = page = uuid.UUID(str(known.page_id))
    # the page's level, not the event's: it says what people were called for
    rises = Level[known.page_level] < crisis.level
    if not rises and Level[known.level] >= crisis.level:
        return page
    if rises:
        found = await connection.scalar(_joinable(crisis))
        page = _risen_page_id(crisis) if found is None else uuid.UUID(str(found))
        if found is None:
            await _insert(connection, _opened_by(crisis, page))
    await connection.execute(
        update(page_events)
        .where(page_events.c.event_id == crisis.event_id)
        .values(page_id=page, level=crisis.level.name)
    )
    if rises:
        await _recount(connection, before, page)
    return page


async def open_page(connection: AsyncConnection, page: Page) -> uuid.UUID:
    """Opens a page, unless it is there; one that was acknowledged before its row came is so at once."""
    await _insert(connection, page)
    await wake(connection)
    return page.id


async def _insert(connection: AsyncConnection, page: Page) -> bool:
    """Inserts a page; False where it is there."""
    done = await connection.execute(gently(connection, pages).values(page_row(page)).on_conflict_do_nothing())
    known = select(page_acknowledgements.c.page_id).where(page_acknowledgements.c.page_id == page.id)
    if await connection.scalar(known) is not None:
        await settle(connection, [page.id])
    return done.rowcount > 0


async def _count(connection: AsyncConnection, page: uuid.UUID, at: datetime) -> None:
    latest = func.max if connection.dialect.name == "sqlite" else func.greatest
    moment = pages.c.last_event_at
    await connection.execute(
        update(pages)
        .where(pages.c.id == page)
        .values(events=pages.c.events + 1, last_event_at=latest(moment, at, type_=moment.type))
    )


async def _recount(connection: AsyncConnection, *ids: uuid.UUID) -> None:
    """Counts the events of some pages again; one that lost all stays open until somebody takes it over."""
    of_page = page_events.c.page_id == pages.c.id
    events = select(func.count()).where(of_page).scalar_subquery()
    latest = select(func.max(page_events.c.created_at)).where(of_page).scalar_subquery()
    await connection.execute(
        update(pages)
        .where(pages.c.id.in_(ids))
        .values(events=events, last_event_at=func.coalesce(latest, pages.c.last_event_at))
    )


async def acknowledge(connection: AsyncConnection, page: uuid.UUID, by: str, via: str, at: datetime) -> None:
    """Records who took a page over; the first stands. A page whose row is still to come is settled then."""
    await connection.execute(
        gently(connection, page_acknowledgements)
        .values(page_id=page, acknowledged_at=at, acknowledged_by=by, acknowledged_via=via)
        .on_conflict_do_nothing()
    )
    await settle(connection, [page])


async def settle(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> None:
    """Ends the pages among `ids` that are acknowledged; what still waits for them is cancelled."""
    taken = select(page_acknowledgements.c.page_id).where(page_acknowledgements.c.page_id.in_(ids))
    await connection.execute(
        update(pages).where(OPEN, pages.c.id.in_(taken)).values(state=PageState.ACKNOWLEDGED.value)
    )
    # in the order of their ids, as the pagers record: two who meet wait for each other, never both
    waiting = (
        select(page_deliveries.c.id)
        .where(WAITING, page_deliveries.c.page_id.in_(taken))
        .order_by(page_deliveries.c.id)
        .with_for_update()
    )
    await connection.execute(
        update(page_deliveries)
        .where(page_deliveries.c.id.in_(waiting))
        .values(state=DeliveryState.CANCELLED.value, claimed_until=None, claimed_by=None)
    )


async def received(connection: AsyncConnection, delivery: uuid.UUID, at: datetime) -> None:
    """Records that a recipient confirmed a delivery; the first time stands."""
    await connection.execute(
        update(page_deliveries)
        .where(page_deliveries.c.id == delivery, page_deliveries.c.received_at.is_(None))
        .values(received_at=at)
    )


async def wake(connection: AsyncConnection) -> None:
    """Tells the pagers that something may be due, once this transaction commits."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"NOTIFY {CHANNEL}"))


def turn_key(application: str, person: str) -> str:
    """Returns what is hashed into the lock under which it is decided on which page events count."""
    return f"{application} {person}"


async def _take_turn(connection: AsyncConnection, key: str) -> None:
    """Lets one transaction at a time decide on which page a person's events count, and wakes the pagers."""
    if connection.dialect.name == "postgresql":
        await connection.execute(_TURN, {"key": key, "channel": CHANNEL})


def _known(event: uuid.UUID) -> Any:
    return (
        select(page_events.c.page_id, page_events.c.level, pages.c.level.label("page_level"))
        .join(pages, pages.c.id == page_events.c.page_id)
        .where(page_events.c.event_id == event)
    )


def _risen_page_id(crisis: Crisis) -> uuid.UUID:
    """The page that a known event opens when it rises; its first page may be its own, at a lower level."""
    return uuid.uuid5(crisis.event_id, f"page {crisis.level.name}")


def _joinable(crisis: Crisis) -> Any:
    window = timedelta(seconds=JOIN_SECONDS)
    return (
        select(pages.c.id)
        .where(
            OPEN,
            pages.c.application == crisis.application,
            pages.c.person == crisis.person,
            pages.c.kind == _kind(crisis).value,
            pages.c.level.in_([level.name for level in Level if level >= crisis.level]),
            # events may come out of order
            pages.c.opened_at > crisis.created_at - window,
            pages.c.opened_at < crisis.created_at + window,
        )
        .order_by(pages.c.opened_at.desc())
        .limit(1)
        # who takes the page over at this moment comes before or after, never in between
        .with_for_update()
    )


def _opened_by(crisis: Crisis, page: uuid.UUID) -> Page:
    at = crisis.created_at
    return Page(
        id=page,
        kind=_kind(crisis),
        level=crisis.level,
        opened_at=at,
        last_event_at=at,
        events=1,
        state=PageState.OPEN,
        round=0,
        step=-1,
        next_step_at=at,
        application=crisis.application,
        person=crisis.person,
    )


def _kind(crisis: Crisis) -> PageKind:
    return PageKind.CANARY if crisis.synthetic else PageKind.CRISIS
