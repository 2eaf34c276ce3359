"""The statements that only the SQLite file knows: its tables, what changed in it, and the copies in it.

Triggers note every page that changes, so that whatever happened during an outage is merged into
PostgreSQL afterwards, however the pager ended. Copies from PostgreSQL are no changes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, MetaData, Table, Uuid, delete, select, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.pages.model import Delivery, Page, PageState
from api.pages.rows import OPEN, delivery_row, page_row
from api.pages.snapshot import TABLES, Snapshot
from api.pages.tables import metadata, page_deliveries, pages

_own = MetaData()
changed_pages = Table("changed_pages", _own, Column("page_id", Uuid, primary_key=True))


async def prepare(connection: AsyncConnection) -> None:
    """Makes what is not there."""
    await connection.run_sync(metadata.create_all)
    await connection.run_sync(_own.create_all)
    for table in TABLES:
        key = "id" if table is pages else "page_id"
        for verb in ("INSERT", "UPDATE"):
            await connection.execute(text(_trigger(verb, table.name, key)))


def _trigger(verb: str, table: str, key: str) -> str:
    # not INSERT OR IGNORE: the statement that fires a trigger may overrule it
    note = (
        f"INSERT INTO changed_pages (page_id) SELECT NEW.{key}"  # noqa: S608 - our own names
        f" WHERE NOT EXISTS (SELECT 1 FROM changed_pages WHERE page_id = NEW.{key})"
    )
    return (
        f"CREATE TRIGGER IF NOT EXISTS note_{verb.lower()}_{table} AFTER {verb} ON {table} BEGIN {note}; END"
    )


async def changed(connection: AsyncConnection, limit: int) -> list[uuid.UUID]:
    """Returns pages that changed here and are not merged yet."""
    return list(await connection.scalars(select(changed_pages.c.page_id).limit(limit)))


async def merged(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> None:
    """Forgets that these pages changed."""
    await connection.execute(delete(changed_pages).where(changed_pages.c.page_id.in_(ids)))


async def copy(connection: AsyncConnection, snapshot: Snapshot) -> None:
    """Makes the rows of these pages what the snapshot says; a page that is not in it goes."""
    gone = set(snapshot.ids) - {row["id"] for row in snapshot.pages}
    await forget(connection, sorted(gone))
    for table, rows in snapshot.tables:
        if rows:
            new = insert(table)
            keys = [column.name for column in table.primary_key]
            values = {column.name: new.excluded[column.name] for column in table.c if column.name not in keys}
            await connection.execute(new.on_conflict_do_update(index_elements=keys, set_=values), rows)
    await merged(connection, snapshot.ids)


async def adopt(connection: AsyncConnection, page: Page, deliveries: Sequence[Delivery]) -> None:
    """Takes over what a pager has in its hands and PostgreSQL cannot be asked about any more."""
    await connection.execute(insert(pages).on_conflict_do_nothing(), page_row(page))
    rows = [delivery_row(delivery) for delivery in deliveries]
    if rows:
        await connection.execute(insert(page_deliveries).on_conflict_do_nothing(), rows)


async def open_ids(connection: AsyncConnection) -> list[uuid.UUID]:
    """Returns the pages that are open here."""
    return list(await connection.scalars(select(pages.c.id).where(OPEN)))


async def purge(connection: AsyncConnection, before: datetime) -> None:
    """Deletes copies of pages that somebody took over and that were opened long ago."""
    old = select(pages.c.id).where(
        pages.c.state == PageState.ACKNOWLEDGED.value,
        pages.c.opened_at < before,
        pages.c.id.not_in(select(changed_pages.c.page_id)),
    )
    await forget(connection, list(await connection.scalars(old)))


async def forget(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> None:
    """Deletes all rows of some pages."""
    if ids:
        for table in reversed(TABLES):
            key = table.c.id if table is pages else table.c.page_id
            await connection.execute(delete(table).where(key.in_(ids)))
