"""Cases: who looked at one, how it ended, and whom to reach about a person."""

from __future__ import annotations

from alembic import op

revision = "0005"
phase = "expand"

# no foreign keys to pages: what somebody saw and did outlives whatever becomes of the page's row
_STATEMENTS = (
    """
    CREATE TABLE page_views (
        id uuid PRIMARY KEY,
        page_id uuid NOT NULL,
        seen_at timestamptz NOT NULL,
        seen_by text NOT NULL,
        via text NOT NULL
    )
    """,
    "CREATE INDEX page_views_page ON page_views (page_id)",
    """
    CREATE TABLE page_outcomes (
        id uuid PRIMARY KEY,
        page_id uuid NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('reached', 'emergency_call', 'false_alarm')),
        recorded_at timestamptz NOT NULL,
        recorded_by text NOT NULL,
        via text NOT NULL
    )
    """,
    "CREATE INDEX page_outcomes_page ON page_outcomes (page_id)",
    """
    CREATE TABLE case_contacts (
        application text NOT NULL,
        person text NOT NULL,
        contact text NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (application, person)
    )
    """,
    "CREATE INDEX case_contacts_person ON case_contacts (person)",
)


def upgrade() -> None:
    """Makes the tables; code of before does not know them."""
    for statement in _STATEMENTS:
        op.execute(statement)
