"""The actions that were carried out, by their records: each counts against the limits, whoever took it."""

from __future__ import annotations

from collections import Counter

from xiong.model.documents import from_document, to_document
from xiong.model.recovery import ActionOutcome, ActionRecord
from xiong.operations.recovery.memory import Taken
from xiong.platforms.base import RecordStore

KIND = "recoveries"
KEPT = 500


class Ledger:
    """Reads each record until it is ended, and then no more."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._known: dict[str, ActionRecord] = {}

    async def read(self) -> list[ActionRecord]:
        """All that are kept, oldest first.

        Raises:
            XiongError: a record cannot be read.
        """
        names = await self._records.names(KIND)
        for name in names:
            known = self._known.get(name)
            if known is None or known.outcome is ActionOutcome.BEGUN:
                document = await self._records.read(KIND, name)
                if document:
                    self._known[name] = from_document(ActionRecord, document)
        self._known = {name: self._known[name] for name in names if name in self._known}
        return list(self._known.values())

    async def write(self, record: ActionRecord) -> None:
        """Keeps it, and the newest beside it.

        Raises:
            XiongError: it cannot be written.
        """
        await self._records.write(KIND, record.id, to_document(record))
        self._known[record.id] = record
        for name in (await self._records.names(KIND))[:-KEPT]:
            await self._records.delete(KIND, name)

    async def strike(self, record: ActionRecord) -> None:
        """It was not done after all."""
        await self._records.delete(KIND, record.id)
        self._known.pop(record.id, None)


def taken(records: list[ActionRecord]) -> tuple[Taken, ...]:
    """What counts against a limit: also what a death cut off, never what was only thought of."""
    real = [r for r in records if r.outcome is not ActionOutcome.SHADOW]
    return tuple(Taken(r.id, r.at, r.check, r.action, r.target) for r in real)


def tally(records: list[ActionRecord]) -> Counter[tuple[str, str, str]]:
    """{(check, action, outcome): how many}."""
    return Counter((r.check, r.action, r.outcome.value) for r in records)
