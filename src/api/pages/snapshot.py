"""All rows of some pages, read from one database to be written to the other. Used by mirror and absorbing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.pages.tables import page_acknowledgements, page_deliveries, page_events, pages

TABLES = (pages, page_events, page_deliveries, page_acknowledgements)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """The rows of some pages, table by table."""

    ids: Sequence[uuid.UUID]
    pages: Rows = field(default_factory=list)
    events: Rows = field(default_factory=list)
    deliveries: Rows = field(default_factory=list)
    acknowledgements: Rows = field(default_factory=list)

    @property
    def tables(self) -> tuple[tuple[Table, Rows], ...]:
        """Each table with its rows, in the order in which they can be inserted."""
        return tuple(
            zip(TABLES, (self.pages, self.events, self.deliveries, self.acknowledgements), strict=True)
        )


async def read_snapshot(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> Snapshot:
    """Reads all that there is about some pages."""
    snapshot = Snapshot(ids)
    for table, rows in snapshot.tables:
        key = table.c.id if table is pages else table.c.page_id
        found = await connection.execute(select(table).where(key.in_(ids)))
        rows.extend(dict(row) for row in found.mappings())
    return snapshot
