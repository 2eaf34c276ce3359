"""The drill that stands: written before the blow, deleted once it is undone.

It keeps other verbs away while the drill lives, and after its death says what is left to undo.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from xiong.model.documents import from_document, to_document
from xiong.platforms.base import RecordStore
from xiong.tools import host
from xiong.tools.host import ThisProcess

_KIND, _NAME = "state", "drill"


@dataclass(frozen=True)
class Standing:
    """A drill under way, or what a killed one left.

    Attributes:
        drill: its name.
        holder: `user@host pid N`, for people.
        process: which carries it out.
        begun_at: UTC.
        expires_at: UTC; after it nobody on another host waits for it any more.
        note: see `Stage.note`.
    """

    drill: str
    holder: str
    process: ThisProcess
    begun_at: datetime
    expires_at: datetime
    note: dict[str, Any] = field(default_factory=dict)

    def lives(self, now: datetime) -> bool:
        """Whether its process is still at it."""
        return now < self.expires_at and not host.is_gone(self.process)


async def read(records: RecordStore) -> Standing | None:
    """What stands, whether its process lives or not."""
    document = await records.read(_KIND, _NAME)
    return from_document(Standing, document) if document else None


async def living(records: RecordStore, now: datetime) -> Standing | None:
    """The drill under way."""
    standing = await read(records)
    return standing if standing is not None and standing.lives(now) else None


async def write(records: RecordStore, standing: Standing) -> None:
    """From now on this drill stands."""
    await records.write(_KIND, _NAME, to_document(standing))


async def add_note(records: RecordStore, standing: Standing, note: dict[str, Any]) -> Standing:
    """Writes down more of what is about to be done."""
    noted = replace(standing, note={**standing.note, **note})
    await write(records, noted)
    return noted


async def clear(records: RecordStore) -> None:
    """Nothing is left of it."""
    await records.delete(_KIND, _NAME)
