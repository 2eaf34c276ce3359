"""The register of erasures: whom we erased, told only by a digest that nobody can make without our key.

It says who asked for it, when and why. After a restore the erasures in it are done again.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.tables import erasures
from api.settings import Secret, SettingsError
from redaction import redact


@dataclass(frozen=True)
class Erasure:
    """One entry.

    Attributes:
        person_hmac: digest of the person, and of the application where only that was meant.
        key_id: tells which key made the digest.
        by: who erased.
        counts: how many rows of each table.
    """

    id: uuid.UUID
    person_hmac: str
    key_id: str
    at: datetime
    by: str
    reason: str
    counts: dict[str, int]

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Erasure:
        """Reads an entry; raises KeyError, TypeError or ValueError on anything else."""
        return cls(
            id=uuid.UUID(row["id"]),
            person_hmac=str(row["person_hmac"]),
            key_id=str(row["key_id"]),
            at=_moment(row["at"]),
            by=str(row["by"]),
            reason=str(row["reason"]),
            counts={str(name): int(count) for name, count in row["counts"].items()},
        )


class Marker:
    """Makes the digests of one key."""

    def __init__(self, key: Secret) -> None:
        if not key:
            raise SettingsError("SECRET_KEY is empty: an erasure could not be recorded")
        self._key = key
        self.key_id = self._digest("the id of this key")[:12]

    def mark(self, person: str, application: str | None) -> str:
        """Returns the digest of a person at one application, or at all of them."""
        return self._digest(f"erasure\x00{application or ''}\x00{person}")

    def marks(self, person: str, applications: Iterable[str]) -> set[str]:
        """Returns every digest under which this person may have been recorded."""
        return {self.mark(person, None), *(self.mark(person, name) for name in applications)}

    def _digest(self, text: str) -> str:
        return hmac.new(self._key.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()


async def record(connection: AsyncConnection, entries: Sequence[Erasure]) -> None:
    """Enters erasures; one that is there already stays as it is."""
    rows = [{**vars(entry), "reason": redact(entry.reason)} for entry in entries]
    if rows:
        await connection.execute(insert(erasures).on_conflict_do_nothing(), rows)


async def entries(connection: AsyncConnection) -> list[Erasure]:
    """Returns the whole register, the oldest first."""
    rows = await connection.execute(select(erasures).order_by(erasures.c.at, erasures.c.id))
    return [Erasure(**row) for row in rows.mappings()]


async def is_recorded(connection: AsyncConnection, marks: Iterable[str]) -> bool:
    """Says whether one of these was erased before."""
    found = await connection.execute(
        select(erasures.c.id).where(erasures.c.person_hmac.in_(list(marks))).limit(1)
    )
    return found.first() is not None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment
