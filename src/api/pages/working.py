"""The statements by which pagers work on pages, each safe to repeat, in PostgreSQL and SQLite alike.

Rows that another pager works on are skipped, not waited for. A claim is a lease: it ends by itself,
and says whose it is, so that the claims of a pager that died can be given back at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.pages.model import Delivery, DeliveryState, Page
from api.pages.reading import read_pages
from api.pages.rows import OPEN, WAITING, as_delivery, as_page, delivery_row, gently
from api.pages.tables import page_deliveries, pages


@dataclass(frozen=True)
class Claim:
    """Who works on a delivery, and until when nobody else does."""

    by: uuid.UUID
    until: datetime


@dataclass(frozen=True)
class Failure:
    """A try that failed: when the next one is due, and why, in our words."""

    delivery: uuid.UUID
    due_at: datetime
    error: str


async def due_pages(connection: AsyncConnection, now: datetime, limit: int) -> list[Page]:
    """Locks and returns open pages whose next step is due, the most urgent first."""
    due = (
        select(pages)
        .where(OPEN, pages.c.next_step_at <= now)
        .order_by(pages.c.next_step_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [as_page(row) for row in await connection.execute(due)]


async def still_waiting(
    connection: AsyncConnection, ids: Collection[uuid.UUID]
) -> set[tuple[uuid.UUID, str, str]]:
    """Returns page, contact and channel of what no channel took yet: the next step need not say it again."""
    if not ids:
        return set()
    rows = await connection.execute(
        select(page_deliveries.c.page_id, page_deliveries.c.contact, page_deliveries.c.channel).where(
            WAITING, page_deliveries.c.page_id.in_(ids)
        )
    )
    return {(row.page_id, row.contact, row.channel) for row in rows}


async def begin_steps(
    connection: AsyncConnection,
    begun: Sequence[Page],
    claimed: Sequence[Delivery],
    free: Sequence[Delivery],
    claim: Claim,
) -> None:
    """Moves pages to the steps that they say, with their deliveries: claimed, or free for any pager."""
    if not begun:
        return
    moved = (
        update(pages)
        .where(pages.c.id == bindparam("page"))
        .values(round=bindparam("to_round"), step=bindparam("to_step"), next_step_at=bindparam("next"))
    )
    await connection.execute(
        moved,
        [
            {"page": page.id, "to_round": page.round, "to_step": page.step, "next": page.next_step_at}
            for page in begun
        ],
    )
    rows = [
        {**delivery_row(delivery), "claimed_until": claim.until, "claimed_by": claim.by}
        for delivery in claimed
    ] + [{**delivery_row(delivery), "claimed_until": None, "claimed_by": None} for delivery in free]
    if rows:
        await connection.execute(gently(connection, page_deliveries).on_conflict_do_nothing(), rows)


async def take(
    connection: AsyncConnection, now: datetime, claim: Claim, room: Mapping[str, int]
) -> list[tuple[Delivery, Page]]:
    """Claims deliveries that are due and that nobody works on: as many as there is room on each channel."""
    left = {channel: count for channel, count in room.items() if count > 0}
    if not left:
        return []
    free = or_(page_deliveries.c.claimed_until.is_(None), page_deliveries.c.claimed_until < now)
    rows = await connection.execute(
        select(page_deliveries)
        .where(WAITING, page_deliveries.c.due_at <= now, free, page_deliveries.c.channel.in_(left))
        .order_by(page_deliveries.c.due_at)
        .limit(sum(left.values()))
        .with_for_update(skip_locked=True)
    )
    taken = []
    for row in rows:
        if left[row.channel] > 0:
            left[row.channel] -= 1
            taken.append(as_delivery(row))
    if not taken:
        return []
    await connection.execute(
        update(page_deliveries)
        .where(page_deliveries.c.id.in_([delivery.id for delivery in taken]))
        .values(claimed_until=claim.until, claimed_by=claim.by)
    )
    found = await read_pages(connection, {delivery.page_id for delivery in taken})
    return [(delivery, found[delivery.page_id]) for delivery in taken]


async def sent(connection: AsyncConnection, taken: Mapping[uuid.UUID, datetime]) -> None:
    """Records which deliveries their channels took, and when."""
    if not taken:
        return
    done = (
        update(page_deliveries)
        .where(page_deliveries.c.id == bindparam("delivery"), page_deliveries.c.sent_at.is_(None))
        .values(
            state=DeliveryState.SENT.value,
            sent_at=bindparam("at"),
            attempts=page_deliveries.c.attempts + 1,
            claimed_until=None,
            claimed_by=None,
            error=None,
        )
    )
    await connection.execute(
        done, [{"delivery": delivery, "at": at} for delivery, at in sorted(taken.items())]
    )


async def failed(connection: AsyncConnection, failures: Sequence[Failure]) -> None:
    """Records failed tries and when the next ones are due."""
    if not failures:
        return
    again = (
        update(page_deliveries)
        .where(page_deliveries.c.id == bindparam("delivery"), WAITING)
        .values(
            attempts=page_deliveries.c.attempts + 1,
            due_at=bindparam("next"),
            claimed_until=None,
            claimed_by=None,
            error=bindparam("why"),
        )
    )
    await connection.execute(
        again,
        [
            {"delivery": failure.delivery, "next": failure.due_at, "why": failure.error}
            for failure in sorted(failures, key=lambda failure: failure.delivery)
        ],
    )


async def hasten(connection: AsyncConnection, delivery: Delivery, at: datetime) -> bool:
    """Brings the next step forward where nothing of this delivery's step got through; says whether it did."""
    through = (
        select(page_deliveries.c.id)
        .where(
            page_deliveries.c.page_id == delivery.page_id,
            page_deliveries.c.round == delivery.round,
            page_deliveries.c.step == delivery.step,
            page_deliveries.c.state == DeliveryState.SENT.value,
        )
        .exists()
    )
    done = await connection.execute(
        update(pages)
        .where(
            pages.c.id == delivery.page_id,
            OPEN,
            pages.c.round == delivery.round,
            pages.c.step == delivery.step,
            pages.c.next_step_at > at,
            ~through,
        )
        .values(next_step_at=at)
    )
    return done.rowcount > 0


async def release(connection: AsyncConnection, by: uuid.UUID | None, keep: Collection[uuid.UUID] = ()) -> int:
    """Gives back the claims of a pager, of everybody where `by` is None; returns how many."""
    claimed = (
        select(page_deliveries.c.id)
        .where(WAITING, page_deliveries.c.claimed_by.is_not(None), page_deliveries.c.id.not_in(keep))
        .order_by(page_deliveries.c.id)
        .with_for_update(skip_locked=True)
    )
    if by is not None:
        claimed = claimed.where(page_deliveries.c.claimed_by == by)
    done = await connection.execute(
        update(page_deliveries)
        .where(page_deliveries.c.id.in_(claimed))
        .values(claimed_until=None, claimed_by=None)
    )
    return int(done.rowcount)


async def next_due(connection: AsyncConnection) -> datetime | None:
    """Returns when something is to be done next."""
    steps = await connection.scalar(select(func.min(pages.c.next_step_at)).where(OPEN))
    tries = await connection.scalar(
        select(func.min(func.coalesce(page_deliveries.c.claimed_until, page_deliveries.c.due_at))).where(
            WAITING
        )
    )
    return min((moment for moment in (steps, tries) if moment is not None), default=None)
