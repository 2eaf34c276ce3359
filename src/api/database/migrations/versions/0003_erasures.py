"""Erasures: who was erased, as a keyed digest; and a risk event may outlive its message."""

from __future__ import annotations

from alembic import op

revision = "0003"
phase = "expand"

_STATEMENTS = (
    """
    CREATE TABLE erasures (
        id uuid PRIMARY KEY,
        person_hmac text NOT NULL,
        key_id text NOT NULL,
        at timestamptz NOT NULL,
        by text NOT NULL,
        reason text NOT NULL,
        counts jsonb NOT NULL
    )
    """,
    "CREATE INDEX erasures_person ON erasures (person_hmac)",
    "ALTER TABLE risk_events ALTER COLUMN message_id DROP NOT NULL",
)


def upgrade() -> None:
    """Makes the table and loosens the column; code of before always fills it."""
    for statement in _STATEMENTS:
        op.execute(statement)
