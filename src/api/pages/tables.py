"""The rows of pages, the same in PostgreSQL and in the SQLite file that stands in for it.

In PostgreSQL the migrations make them; a test holds the two together. In SQLite `metadata.create_all`
does. Written by `book` alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    text,
)

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A time with its zone, also where the database knows none (SQLite keeps it in UTC)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Writes UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Reads UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


pages = Table(
    "pages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("application", Text),
    Column("person", Text),
    Column("level", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("last_event_at", Moment, nullable=False),
    Column("events", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("next_step_at", Moment, nullable=False),
    Index(
        "pages_due",
        "next_step_at",
        postgresql_where=text("state = 'open'"),
        sqlite_where=text("state = 'open'"),
    ),
    Index("pages_person", "application", "person", "opened_at"),
    Index("pages_opened", "opened_at"),
)

page_events = Table(
    "page_events",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("page_id", Uuid, ForeignKey("pages.id"), nullable=False),
    Column("level", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("page_events_page", "page_id"),
)

page_deliveries = Table(
    "page_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("page_id", Uuid, ForeignKey("pages.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("contact", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("claimed_by", Uuid),
    Column("sent_at", Moment),
    Column("received_at", Moment),
    Column("error", Text),
    Index(
        "page_deliveries_due",
        "due_at",
        postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    Index("page_deliveries_page", "page_id"),
)

# a fact of its own, without a foreign key: somebody may acknowledge a page whose row is still on its way
page_acknowledgements = Table(
    "page_acknowledgements",
    metadata,
    Column("page_id", Uuid, primary_key=True),
    Column("acknowledged_at", Moment, nullable=False),
    Column("acknowledged_by", Text, nullable=False),
    Column("acknowledged_via", Text, nullable=False),
)
