"""Pages: who is called for help, by which deliveries, and who acknowledged."""

from __future__ import annotations

from alembic import op

revision = "0002"
phase = "expand"

_STATEMENTS = (
    """
    CREATE TABLE pages (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        application text,
        person text,
        level text NOT NULL,
        opened_at timestamptz NOT NULL,
        last_event_at timestamptz NOT NULL,
        events integer NOT NULL,
        state text NOT NULL,
        round integer NOT NULL,
        step integer NOT NULL,
        next_step_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX pages_due ON pages (next_step_at) WHERE state = 'open'",
    "CREATE INDEX pages_person ON pages (application, person, opened_at)",
    "CREATE INDEX pages_opened ON pages (opened_at)",
    """
    CREATE TABLE page_events (
        event_id uuid PRIMARY KEY,
        page_id uuid NOT NULL REFERENCES pages (id),
        level text NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX page_events_page ON page_events (page_id)",
    """
    CREATE TABLE page_deliveries (
        id uuid PRIMARY KEY,
        page_id uuid NOT NULL REFERENCES pages (id),
        round integer NOT NULL,
        step integer NOT NULL,
        contact text NOT NULL,
        channel text NOT NULL,
        state text NOT NULL,
        attempts integer NOT NULL,
        created_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        claimed_until timestamptz,
        claimed_by uuid,
        sent_at timestamptz,
        received_at timestamptz,
        error text
    )
    """,
    "CREATE INDEX page_deliveries_due ON page_deliveries (due_at) WHERE state = 'waiting'",
    "CREATE INDEX page_deliveries_page ON page_deliveries (page_id)",
    """
    CREATE TABLE page_acknowledgements (
        page_id uuid PRIMARY KEY,
        acknowledged_at timestamptz NOT NULL,
        acknowledged_by text NOT NULL,
        acknowledged_via text NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Makes the tables; code of before does not know them."""
    for statement in _STATEMENTS:
        op.execute(statement)
