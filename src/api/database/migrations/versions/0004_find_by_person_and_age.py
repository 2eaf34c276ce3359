"""Indexes by which a person's rows and old rows are found."""

from __future__ import annotations

from alembic import op

revision = "0004"
phase = "expand"
transactional = False

_INDEXES = {
    "conversations_person": "conversations (person, application)",
    "conversations_created": "conversations (created_at)",
    "conversations_synthetic": "conversations (created_at) WHERE synthetic",
    "messages_created": "messages (created_at)",
    "risk_events_created": "risk_events (created_at)",
    "risk_events_synthetic": "risk_events (created_at) WHERE synthetic",
}


def upgrade() -> None:
    """Builds them beside the traffic; what a broken run left is dropped first."""
    for name, columns in _INDEXES.items():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")
