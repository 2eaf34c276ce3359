"""Every column of every table, and whose it is. Read by the export, the erasure, and the tests.

A test holds this list against the database and against docs/reference/personal-data.md: a column that
nobody classified fails it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Whose(StrEnum):
    """What a column says about somebody.

    PERSON says who is meant or what was said: exported, and gone after an erasure. AUDIT is about a person
    only while a PERSON column stands beside it: exported, and kept without that. STAFF is about those who
    are called for help and who run the service. NOBODY is about no one.
    """

    PERSON = "person"
    AUDIT = "audit"
    STAFF = "staff"
    NOBODY = "nobody"


_PERSON, _AUDIT, _STAFF, _NOBODY = Whose.PERSON, Whose.AUDIT, Whose.STAFF, Whose.NOBODY

FIELDS: Mapping[str, Mapping[str, Whose]] = {
    "conversations": {
        "id": _PERSON,
        "application": _PERSON,
        "person": _PERSON,
        "synthetic": _PERSON,
        "created_at": _PERSON,
    },
    "messages": {
        "id": _PERSON,
        "sequence": _PERSON,
        "conversation_id": _PERSON,
        "role": _PERSON,
        "content": _PERSON,
        "content_sha256": _PERSON,
        "reply_to": _PERSON,
        "source": _PERSON,
        "risk_level": _PERSON,
        "created_at": _PERSON,
    },
    "risk_events": {
        "id": _AUDIT,
        "message_id": _PERSON,
        "level": _AUDIT,
        "categories": _AUDIT,
        "rules": _PERSON,
        "synthetic": _AUDIT,
        "created_at": _AUDIT,
    },
    "pages": {
        "id": _AUDIT,
        "kind": _AUDIT,
        "application": _PERSON,
        "person": _PERSON,
        "level": _AUDIT,
        "opened_at": _AUDIT,
        "last_event_at": _AUDIT,
        "events": _AUDIT,
        "state": _AUDIT,
        "round": _AUDIT,
        "step": _AUDIT,
        "next_step_at": _AUDIT,
    },
    "page_events": {"event_id": _AUDIT, "page_id": _AUDIT, "level": _AUDIT, "created_at": _AUDIT},
    "page_deliveries": {
        "id": _AUDIT,
        "page_id": _AUDIT,
        "round": _AUDIT,
        "step": _AUDIT,
        "contact": _STAFF,
        "channel": _AUDIT,
        "state": _AUDIT,
        "attempts": _AUDIT,
        "created_at": _AUDIT,
        "due_at": _AUDIT,
        "claimed_until": _NOBODY,
        "claimed_by": _NOBODY,
        "sent_at": _AUDIT,
        "received_at": _AUDIT,
        "error": _NOBODY,
    },
    "page_acknowledgements": {
        "page_id": _AUDIT,
        "acknowledged_at": _AUDIT,
        "acknowledged_by": _STAFF,
        "acknowledged_via": _AUDIT,
    },
    "page_views": {
        "id": _AUDIT,
        "page_id": _AUDIT,
        "seen_at": _AUDIT,
        "seen_by": _STAFF,
        "via": _AUDIT,
    },
    "page_outcomes": {
        "id": _AUDIT,
        "page_id": _AUDIT,
        "outcome": _AUDIT,
        "recorded_at": _AUDIT,
        "recorded_by": _STAFF,
        "via": _AUDIT,
    },
    "case_contacts": {
        "application": _PERSON,
        "person": _PERSON,
        "contact": _PERSON,
        "updated_at": _PERSON,
    },
    "erasures": {
        "id": _AUDIT,
        "person_hmac": _AUDIT,
        "key_id": _NOBODY,
        "at": _AUDIT,
        "by": _STAFF,
        "reason": _AUDIT,
        "counts": _AUDIT,
    },
    "knowledge": {
        "id": _NOBODY,
        "embedder": _NOBODY,
        "title": _NOBODY,
        "body": _NOBODY,
        "source": _NOBODY,
        "content_sha256": _NOBODY,
        "embedding": _NOBODY,
    },
    "schema_revisions": {"revision": _NOBODY, "phase": _NOBODY, "applied_at": _NOBODY},
}
EXPORTED = frozenset({_PERSON, _AUDIT})


def exported(table: str) -> tuple[str, ...]:
    """Returns the columns of a table that a person is given."""
    return tuple(column for column, whose in FIELDS[table].items() if whose in EXPORTED)


def left_out() -> tuple[str, ...]:
    """Returns the columns beside them that are about somebody else."""
    return tuple(
        f"{table}.{column}"
        for table, columns in FIELDS.items()
        for column, whose in columns.items()
        if whose is _STAFF
    )
