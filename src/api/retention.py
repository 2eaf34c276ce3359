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
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.engine import Database, DatabaseAwayError, make_engine
from api.database.tables import case_contacts, conversations, erasures, messages, risk_events
from api.keeping import (
    DONE,
    Cutoffs,
    Policy,
    going,
    old_contact,
    old_conversation,
    old_event,
    old_message,
    old_page,
    stray,
    whose,
)
from api.pages.tables import page_deliveries, page_events, pages
from api.settings import Settings, SettingsError
from api.spool import REJECTED

BATCH = 500
COUNTING_S = 120


@dataclass(frozen=True)
class Counts:
    """How many rows were (or would be) deleted."""

    messages: int = 0
    conversations: int = 0
    risk_events: int = 0
    pages: int = 0
    acknowledgements: int = 0
    views: int = 0
    outcomes: int = 0
    case_contacts: int = 0
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
    for batch in (_messages, _conversations, _case_contacts, _risk_events, _pages, _strays, _erasures):
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

    stays = exists().where(messages.c.conversation_id == conversations.c.id, ~going(cutoffs))
    living = exists().where(whose(conversations), or_(~old_conversation(cutoffs), stays))
    leaving = select(pages.c.id).where(old_page(cutoffs))
    done = {
        name: await count(moment.table, or_(moment.table.c.page_id.in_(leaving), stray(moment, cutoffs)))
        for name, moment in DONE.items()
    }
    return Counts(
        messages=await count(messages, going(cutoffs)),
        conversations=await count(conversations, and_(old_conversation(cutoffs), ~stays)),
        risk_events=await count(risk_events, old_event(cutoffs)),
        pages=await count(pages, old_page(cutoffs)),
        case_contacts=await count(case_contacts, and_(old_contact(cutoffs), ~living)),
        **done,
        erasures=await count(erasures, erasures.c.at < cutoffs.audit),
    )


async def _free(connection: AsyncConnection, table: Table, old: ColumnElement[bool]) -> list[uuid.UUID]:
    """Locks and returns a batch of old rows that nobody works on."""
    rows = select(table.c.id).where(old).limit(BATCH).with_for_update(skip_locked=True, of=table)
    return list(await connection.scalars(rows))


async def _messages(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, messages, old_message(cutoffs))
    going = or_(messages.c.id.in_(ids), messages.c.reply_to.in_(ids))
    await connection.execute(
        update(risk_events)
        .where(risk_events.c.message_id.in_(select(messages.c.id).where(going)))
        .values(message_id=None)
    )
    return Counts(messages=(await connection.execute(delete(messages).where(going))).rowcount)


async def _conversations(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    held = exists().where(messages.c.conversation_id == conversations.c.id)
    ids = await _free(connection, conversations, and_(old_conversation(cutoffs), ~held))
    # asked again under the lock: a message may have come before it
    done = await connection.execute(delete(conversations).where(conversations.c.id.in_(ids), ~held))
    return Counts(conversations=done.rowcount)


async def _risk_events(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, risk_events, old_event(cutoffs))
    done = await connection.execute(delete(risk_events).where(risk_events.c.id.in_(ids)))
    return Counts(risk_events=done.rowcount)


async def _pages(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, pages, old_page(cutoffs))
    for table in (page_events, page_deliveries):
        await connection.execute(delete(table).where(table.c.page_id.in_(ids)))
    done = {
        name: (await connection.execute(delete(moment.table).where(moment.table.c.page_id.in_(ids)))).rowcount
        for name, moment in DONE.items()
    }
    gone = await connection.execute(delete(pages).where(pages.c.id.in_(ids)))
    return Counts(pages=gone.rowcount, **done)


async def _strays(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    return Counts(
        **{
            name: (await connection.execute(delete(moment.table).where(stray(moment, cutoffs)))).rowcount
            for name, moment in DONE.items()
        }
    )


async def _case_contacts(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    """Contacts that nobody renewed, of people of whom no conversation is left."""
    key = tuple_(case_contacts.c.application, case_contacts.c.person)
    old = and_(old_contact(cutoffs), ~exists().where(whose(conversations)))
    rows = select(case_contacts.c.application, case_contacts.c.person).where(old).limit(BATCH)
    done = await connection.execute(
        delete(case_contacts).where(key.in_(rows.with_for_update(skip_locked=True, of=case_contacts)))
    )
    return Counts(case_contacts=done.rowcount)


async def _erasures(connection: AsyncConnection, cutoffs: Cutoffs) -> Counts:
    ids = await _free(connection, erasures, erasures.c.at < cutoffs.audit)
    done = await connection.execute(delete(erasures).where(erasures.c.id.in_(ids)))
    return Counts(erasures=done.rowcount)


async def _foresee_slowly(connection: AsyncConnection, policy: Policy, now: datetime) -> Counts:
    """Counting reads whole tables: nobody waits for it, so it may take longer than a batch."""
    await connection.execute(text(f"SET LOCAL statement_timeout = '{COUNTING_S}s'"))
    return await foresee(connection, policy, now)


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
