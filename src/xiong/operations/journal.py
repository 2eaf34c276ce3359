"""What was committed, what ran when, and the write-ahead record of the rollout under way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from xiong.model.documents import from_document, to_document
from xiong.model.receipt import Receipt
from xiong.platforms.base import RecordStore

_STATE, _COMMITTED, _ROLLOUT, _HISTORY = "state", "committed", "rollout", "history"


@dataclass(frozen=True)
class Committed:
    """The release that is meant to run.

    Attributes:
        release: its id.
        replicas: how many replicas of it.
        at: since when, UTC.
        earlier: releases committed before it, newest first, without repeats.
    """

    release: str
    replicas: int
    at: datetime
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rollout:
    """A rollout that was begun and not yet ended.

    Attributes:
        id: of its receipt.
        verb: what was asked for.
        target: the release that is rolled out.
        target_replicas: how many.
        previous: the release to go back to, or None at the first `up`.
        previous_replicas: how many of it.
        begun_at: UTC.
        by: user@host.
        steps: what was done, in order, each written before the next is begun.
        decided: True once the target passed every gate: from then on it is finished, not undone.
    """

    id: str
    verb: str
    target: str
    target_replicas: int
    previous: str | None
    previous_replicas: int
    begun_at: datetime
    by: str
    steps: tuple[str, ...] = ()
    decided: bool = False


class Journal:
    """Reads and writes these records of one platform."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    async def committed(self) -> Committed | None:
        document = await self._records.read(_STATE, _COMMITTED)
        return from_document(Committed, document) if document else None

    async def commit(self, release: str, replicas: int, at: datetime) -> Committed:
        """From now on this release is the one that is meant to run."""
        before = await self.committed()
        chain = (before.release, *before.earlier) if before else ()
        earlier = tuple(dict.fromkeys(r for r in chain if r != release))
        new = Committed(release, replicas, at, earlier)
        await self._records.write(_STATE, _COMMITTED, to_document(new))
        return new

    async def rollout(self) -> Rollout | None:
        document = await self._records.read(_STATE, _ROLLOUT)
        return from_document(Rollout, document) if document else None

    async def begin(self, rollout: Rollout) -> Rollout:
        await self._records.write(_STATE, _ROLLOUT, to_document(rollout))
        return rollout

    async def step(self, rollout: Rollout, step: str) -> Rollout:
        return await self.begin(replace(rollout, steps=(*rollout.steps, step)))

    async def decide(self, rollout: Rollout) -> Rollout:
        return await self.begin(replace(rollout, decided=True))

    async def end(self, receipt: Receipt) -> None:
        """Writes the receipt into the history; only then is the rollout over."""
        await self._records.write(_HISTORY, receipt.id, to_document(receipt))
        await self._records.delete(_STATE, _ROLLOUT)

    async def unread(self, known: Collection[str]) -> list[Receipt]:
        """The receipts whose ids are not among the known ones, oldest first."""
        new = [name for name in await self._records.names(_HISTORY) if name not in known]
        documents = [await self._records.read(_HISTORY, name) for name in new]
        return [from_document(Receipt, d) for d in documents if d]

    async def last(self) -> Receipt | None:
        """The newest receipt; no other is read, however long the history is."""
        for name in reversed(await self._records.names(_HISTORY)):
            document = await self._records.read(_HISTORY, name)
            if document:
                return from_document(Receipt, document)
        return None

    async def first(self) -> Receipt | None:
        """The oldest receipt."""
        names = await self._records.names(_HISTORY)
        document = await self._records.read(_HISTORY, names[0]) if names else None
        return from_document(Receipt, document) if document else None

    async def history(self) -> list[Receipt]:
        """All receipts, newest first."""
        documents = [await self._records.read(_HISTORY, n) for n in await self._records.names(_HISTORY)]
        return [from_document(Receipt, d) for d in reversed(documents) if d]
