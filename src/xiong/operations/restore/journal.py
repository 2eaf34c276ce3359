"""The write-ahead record of a restore: after a `kill -9` it says whether the old or the new is to serve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from xiong.model.documents import from_document, to_document
from xiong.platforms.base import RecordStore

_KIND, _NAME = "state", "restore"


class Step(StrEnum):
    """Written before what it names is done."""

    PREPARING = "preparing"  # the new lies beside the old; nothing was touched
    GATING = "gating"  # the proxy is told to answer 503
    EXCHANGING = "exchanging"  # from here on the new one is to serve, whatever happens
    OPENING = "opening"  # the new one answers; the proxy is told to let people in


@dataclass(frozen=True)
class Exchange:
    """A restore, or its undoing, under way.

    Attributes:
        id: what is replaced is kept under it.
        backup: id of the set, for people.
        folders: {store: path of what takes the place of the live data}.
        step: see `Step`.
        by: who does it.
        new_key: the service has to begin anew with the secret key of the restored data.
    """

    id: str
    backup: str
    folders: dict[str, str]
    step: Step
    by: str
    new_key: bool = False


async def read(records: RecordStore) -> Exchange | None:
    """The one under way, or cut off."""
    document = await records.read(_KIND, _NAME)
    return from_document(Exchange, document) if document else None


async def write(records: RecordStore, exchange: Exchange, step: Step) -> Exchange:
    """Notes the step before it is taken."""
    noted = replace(exchange, step=step)
    await records.write(_KIND, _NAME, to_document(noted))
    return noted


async def clear(records: RecordStore) -> None:
    """It has ended."""
    await records.delete(_KIND, _NAME)
