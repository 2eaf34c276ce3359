"""When a human wants the healer to keep its hands off, and when it may go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from xiong.model.documents import from_document, to_document
from xiong.operations.recovery.memory import KIND
from xiong.platforms.base import RecordStore
from xiong.tools import host
from xiong.tools.clock import Clock

_NAME = "pause"


@dataclass(frozen=True)
class Pause:
    """What a human last said.

    Attributes:
        until: nothing is done before that time; None where it may go on.
        by: who said so.
        reason: why, in words, or empty.
        at: when it was said, UTC.
        resumed_at: when frozen checks were last let go.
    """

    until: datetime | None = None
    by: str = ""
    reason: str = ""
    at: datetime | None = None
    resumed_at: datetime | None = None


async def read_pause(records: RecordStore) -> Pause:
    """What holds now."""
    document = await records.read(KIND, _NAME)
    return from_document(Pause, document) if document else Pause()


async def pause(records: RecordStore, clock: Clock, how_long: timedelta, reason: str = "") -> Pause:
    """From now on nothing is done for that long; looks and notices of the rest go on."""
    now = clock.now()
    said = replace(await read_pause(records), until=now + how_long, by=host.actor(), reason=reason, at=now)
    await records.write(KIND, _NAME, to_document(said))
    return said


async def resume(records: RecordStore, clock: Clock) -> Pause:
    """The pause is over, and every frozen check is looked after again."""
    now = clock.now()
    said = Pause(until=None, by=host.actor(), at=now, resumed_at=now)
    await records.write(KIND, _NAME, to_document(said))
    return said
