"""Counts what a database holds, so that a restored one can be compared with it."""

from __future__ import annotations

import asyncpg

from xiong.datastores.postgres_facts import Table, tables
from xiong.model.backup import Contents, TableContents

_NEWEST = 5000


async def count(view: asyncpg.Connection, *, exact: bool) -> Contents:
    """Rows and digests of every table, as this connection sees them."""
    found = [await _table(view, table) for table in await tables(view)]
    return Contents(exact, tuple(found))


async def _table(view: asyncpg.Connection, table: Table) -> TableContents:
    name = f'public."{table.name}"'
    rows = await view.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - from the catalogue
    order = ", ".join(f'"{column}" DESC' for column in table.key)
    newest = f"SELECT * FROM {name} ORDER BY {order} LIMIT {_NEWEST}" if order else f"SELECT * FROM {name}"  # noqa: S608
    digest = await view.fetchval(
        f"SELECT coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM ({newest}) AS t"  # noqa: S608
    )
    return TableContents(table.name, rows, digest)


def differences(wanted: Contents, found: Contents) -> tuple[str, ...]:
    """What is not as it was, in words; unless it was exact, rows that came meanwhile are no difference."""
    there = {table.name: table for table in found.tables}
    faults = [f"table {table.name} is missing" for table in wanted.tables if table.name not in there]
    for table in wanted.tables:
        other = there.get(table.name)
        if other is None or (not wanted.exact and other.rows >= table.rows):
            continue
        if other.rows != table.rows:
            faults.append(f"table {table.name} holds {other.rows} rows, expected {table.rows}")
        elif wanted.exact and other.digest != table.digest:
            faults.append(f"table {table.name} holds {table.rows} rows as expected, but not the same ones")
    return tuple(faults)
