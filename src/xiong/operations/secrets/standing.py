"""The record of a rotation under way: written before each step, so that a killed one is finished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xiong.model.documents import from_document, to_document
from xiong.platforms.base import RecordStore

_PLACE = ("state", "rotation")


@dataclass(frozen=True)
class Rotation:
    """One that was begun and not yet ended; it holds no secret.

    Attributes:
        names: which secrets.
        begun_at: UTC.
        by: user@host.
        done: steps that are done.
        turned_at: when no replica used the old password of the service's login any more; UTC.
    """

    names: tuple[str, ...]
    begun_at: datetime
    by: str
    done: tuple[str, ...] = ()
    turned_at: datetime | None = None


async def read(records: RecordStore) -> Rotation | None:
    """The one under way, if any."""
    document = await records.read(*_PLACE)
    return from_document(Rotation, document) if document else None


async def write(records: RecordStore, rotation: Rotation) -> Rotation:
    await records.write(*_PLACE, to_document(rotation))
    return rotation


async def end(records: RecordStore) -> None:
    await records.delete(*_PLACE)
