"""`python -m api.retention [--dry-run]`: deletes what is old enough; the counts go to stdout as JSON.

The pager runs `apply` daily. Each batch is a short transaction of its own, so that nobody waits for it and
a broken run has done a part. Rows that somebody works on are left to the next run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, Table, and_, delete, exists, func, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.engine import Database, DatabaseAwayError, make_engine
from api.database.tables import conversations, erasures, messages, risk_events
from api.pages.model import PageKind, PageState
from api.pages.tables import page_acknowledgements, page_deliveries, page_events, pages
from api.settings import Settings, SettingsError
from api.spool import REJECTED

BATCH = 500
COUNTING_S = 120


@dataclass(frozen=True)
class Policy:
    """How long what is kept.

    Attributes:
        message_days: messages, and conversations that hold none.
        synthetic_days: rehearsals: their messages, risk events and pages.
        audit_years: risk events, pages with their acknowledgements, erasures.
    """

    message_days: int = 365
    synthetic_days: int = 7
    audit_years: int = 3

    def cutoffs(self, now: datetime) -> Cutoffs:
        """Returns what is too old at that moment."""
        return Cutoffs(
            now - timedelta(days=self.message_days),
            now - timedelta(days=self.synthetic_days),
            _years_before(now, self.audit_years),
        )


@dataclass(frozen=True)
class Cutoffs:
    """What is older is deleted."""

    messages: datetime
    synthetic: datetime
    audit: datetime


@dataclass(frozen=True)
class Counts:
    """How many rows were (or would be) deleted."""

    messages: int = 0
    conversations: int = 0
    risk_events: int = 0
    pages: int = 0
    acknowledgements: int = 0
    erasures: int = 0

    def __add__(self, other: Counts) -> Counts:
        mine, theirs = asdict(self), asdict(other)
        return Counts(**{name: count + theirs[name] for name, count in mine.items()})

    @property
    def anything(self) -> bool:
        """Whether there was a row at all."""
        return any(asdict(self).values())


async def apply(database: Database, policy: Policy, now: datetime) -> Counts:
    """Deletes what is too old, batch by batch; raises DatabaseAwayError where the database goes away."""
    cutoffs = policy.cutoffs(now)
    total = Counts()
    for batch in (_messages, _conversations, _risk_events, _pages, _acknowledgements, _erasures):
        while True:
            done = await database.run(partial(batch, cutoffs=cutoffs))
            total += done
            if not done.anything:
                break
    return total


def drop_put_aside(folder: Path, policy: Policy, now: datetime) -> int:
    """Deletes what the spool put aside and nobody looked at for as long as a message is kept."""
    cutoff = policy.cutoffs(now).messages.timestamp()
    old = [path for path in folder.glob(f"*{REJECTED}") if path.stat().st_mtime < cutoff]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


async def foresee(connection: AsyncConnection, policy: Policy, now: datetime) -> Counts:
    """Counts what `apply` would delete; changes nothing."""
    cutoffs = policy.cutoffs(now)

    async def count(table: Table, old: ColumnElement[bool]) -> int:
        return int(await connection.scalar(select(func.count()).select_from(table).where(old)) or 0)

    stays = exists().where(messages.c.conversation_id == conversations.c.id, ~_going(cutoffs))
    owned = page_acknowledgements.c.page_id.in_(select(pages.c.id).where(_old_page(cutoffs)))
    return Counts(
        messages=await count(messages, _going(cutoffs)),
        conversations=await count(conversations, and_(_old_conversation(cutoffs), ~stays)),
        risk_events=await count(risk_events, _old_event(cutoffs)),
        pages=await count(pages, _old_page(cutoffs)),
        acknowledgements=await count(page_acknowledgements, or_(owned, _stray(cutoffs))),
        erasures=await count(erasures, erasures.c.at < cutoffs.audit),
    )


def _old_message(cutoffs: Cutoffs, table: FromClause = messages) -> ColumnElement[bool]:
    rehearsed = select(conversations.c.id).where(
        conversations.c.synthetic, conversations.c.created_at < cutoffs.synthetic
    )
    return or_(
        table.c.created_at < cutoffs.messages,
        and_(table.c.conversation_id.in_(rehearsed), table.c.created_at < cutoffs.synthetic),
    )


def _going(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Old messages, and the replies to them, which may be a little younger."""
    said = messages.alias("said")
    answered = exists().where(said.c.id == messages.c.reply_to, _old_message(cutoffs, said))
    return or_(_old_message(cutoffs), answered)


def _old_conversation(cutoffs: Cutoffs) -> ColumnElement[bool]:
    return or_(
        conversations.c.created_at < cutoffs.messages,
        and_(conversations.c.synthetic, conversations.c.created_at < cutoffs.synthetic),
    )


def _old_event(cutoffs: Cutoffs) -> ColumnElement[bool]:
    return or_(
        risk_events.c.created_at < cutoffs.audit,
        and_(risk_events.c.synthetic, risk_events.c.created_at < cutoffs.synthetic),
    )


def _old_page(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """A page that calls for help is never deleted while nobody took it over."""
    return or_(
        and_(pages.c.opened_at < cutoffs.audit, pages.c.state == PageState.ACKNOWLEDGED.value),
        and_(pages.c.kind == PageKind.CANARY.value, pages.c.opened_at < cutoffs.synthetic),
    )


def _stray(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """An acknowledgement whose page never came."""
    page = exists().where(pages.c.id == page_acknowledgements.c.page_id)
    return and_(page_acknowledgements.c.acknowledged_at < cutoffs.audit, ~page)


async def _free(connection: AsyncConnection, table: Table, old: ColumnElement[bool]) -> list[uuid.UUID]:
    """Locks and returns a batch of old rows that nobody works on."""
    rows = select(table.c.id).where(old).limit(BATCH).with_for_update(skip_locked=True, of=table)
    return list(await connection.scalars(rows))


async def _messages(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, messages, _old_message(cutoffs))
    going = or_(messages.c.id.in_(ids), messages.c.reply_to.in_(ids))
    await connection.execute(
        update(risk_events)
        .where(risk_events.c.message_id.in_(select(messages.c.id).where(going)))
        .values(message_id=None)
    )
    return Counts(messages=(await connection.execute(delete(messages).where(going))).rowcount)


async def _conversations(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    held = exists().where(messages.c.conversation_id == conversations.c.id)
    ids = await _free(connection, conversations, and_(_old_conversation(cutoffs), ~held))
    # asked again under the lock: a message may have come before it
    done = await connection.execute(delete(conversations).where(conversations.c.id.in_(ids), ~held))
    return Counts(conversations=done.rowcount)


async def _risk_events(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, risk_events, _old_event(cutoffs))
    done = await connection.execute(delete(risk_events).where(risk_events.c.id.in_(ids)))
    return Counts(risk_events=done.rowcount)


async def _pages(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, pages, _old_page(cutoffs))
    for table in (page_events, page_deliveries):
        await connection.execute(delete(table).where(table.c.page_id.in_(ids)))
    taken = await connection.execute(
        delete(page_acknowledgements).where(page_acknowledgements.c.page_id.in_(ids))
    )
    done = await connection.execute(delete(pages).where(pages.c.id.in_(ids)))
    return Counts(pages=done.rowcount, acknowledgements=taken.rowcount)


async def _acknowledgements(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    done = await connection.execute(delete(page_acknowledgements).where(_stray(cutoffs)))
    return Counts(acknowledgements=done.rowcount)


async def _erasures(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, erasures, erasures.c.at < cutoffs.audit)
    done = await connection.execute(delete(erasures).where(erasures.c.id.in_(ids)))
    return Counts(erasures=done.rowcount)


async def _foresee_slowly(connection: AsyncConnection, policy: Policy, now: datetime) -> Counts:
    """Counting reads whole tables: nobody waits for it, so it may take longer than a batch."""
    await connection.execute(text(f"SET LOCAL statement_timeout = '{COUNTING_S}s'"))
    return await foresee(connection, policy, now)


def _years_before(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        # the 29th of February
        return moment.replace(year=moment.year - years, day=28)


async def _run(settings: Settings, *, dry_run: bool) -> dict[str, Any]:
    database = Database(make_engine(settings.database_url.reveal(), 1))
    policy, now = Policy(message_days=settings.retention_days), datetime.now(UTC)
    try:
        if dry_run:
            counts = await database.run(partial(_foresee_slowly, policy=policy, now=now), COUNTING_S)
            return {**asdict(counts), "dry_run": True}
        counts = await apply(database, policy, now)
        aside = drop_put_aside(settings.spool_dir, policy, now)
        return {**asdict(counts), "put_aside": aside, "dry_run": False}
    finally:
        await database.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0 done, 1 the database did not do it, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m api.retention", description="Deletes what is old enough."
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")
    options = parser.parse_args(arguments)
    code, document = 0, dict[str, Any]()
    try:
        document = asyncio.run(_run(Settings.from_environment(os.environ), dry_run=options.dry_run))
    except SettingsError as error:
        code, document = 2, {"error": str(error)}
    except (DatabaseAwayError, SQLAlchemyError, OSError) as error:
        code, document = 1, {"error": f"the database did not do it: {type(error).__name__}"}
    sys.stdout.buffer.write(orjson.dumps(document) + b"\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
