"""What the healer remembers from one cycle to the next; it outlives the daemon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from xiong.model.documents import from_document, to_document
from xiong.model.recovery import Condition
from xiong.platforms.base import RecordStore

KIND, _NAME = "recovery", "memory"


@dataclass(frozen=True)
class Taken:
    """An action that was begun.

    Attributes:
        id: of its record.
        at: when it was begun, UTC.
        check: whose fault it answered.
        action: its name.
        target: the instance, or empty.
    """

    id: str
    at: datetime
    check: str
    action: str
    target: str = ""


@dataclass(frozen=True)
class CheckMemory:
    """Where one check stands.

    Attributes:
        check: its name.
        condition: in the state machine.
        looks: the last ones, oldest first; True failed. Begins anew with each action.
        since: when the present fault began.
        ladder_from: actions from then on count as tried; a human who resumes sets it anew.
        acted_at: the last action that was taken notice of.
        passing_since: from when on every look passed; None while it fails, or is healthy anyway.
        unhealthy_at: when it was last seen unhealthy, also long ago.
        frozen_at: since when it waits for a human.
        escalated: whether people were told of the present fault.
    """

    check: str
    condition: Condition = Condition.HEALTHY
    looks: tuple[bool, ...] = ()
    since: datetime | None = None
    ladder_from: datetime | None = None
    acted_at: datetime | None = None
    passing_since: datetime | None = None
    unhealthy_at: datetime | None = None
    frozen_at: datetime | None = None
    escalated: bool = False


@dataclass(frozen=True)
class Memory:
    """All of it.

    Attributes:
        checks: {name: where it stands} of those that were ever looked at.
        taken: actions that still count for a limit, oldest first.
        lease_at: when somebody else was last seen to hold the lease.
        shadow: whether the actions were only thought of.
    """

    checks: dict[str, CheckMemory] = field(default_factory=dict)
    taken: tuple[Taken, ...] = ()
    lease_at: datetime | None = None
    shadow: bool = False

    def of(self, check: str) -> CheckMemory:
        """Where that check stands."""
        return self.checks.get(check) or CheckMemory(check)

    def having(self, *states: CheckMemory) -> Memory:
        """With these checks standing so."""
        return replace(self, checks=self.checks | {state.check: state for state in states})

    def knowing(self, actions: Iterable[Taken]) -> Memory:
        """With these actions too, whoever took them; each counts once."""
        known = {t.id: t for t in (*self.taken, *actions)}
        return replace(self, taken=tuple(sorted(known.values(), key=lambda t: (t.at, t.id))))

    def without(self, action: str) -> Memory:
        """As if the action of that id had not been begun: somebody else was at work."""
        left = tuple(t for t in self.taken if t.id != action)
        return replace(self, taken=left)

    def last(self, check: str | None = None) -> Taken | None:
        """The newest action, of one check or of all."""
        return next((t for t in reversed(self.taken) if check in {None, t.check}), None)

    def tried(self, check: str) -> tuple[Taken, ...]:
        """What was done against the present fault of a check."""
        begun = self.of(check).ladder_from
        return tuple(t for t in self.taken if t.check == check and begun is not None and t.at >= begun)

    def since(self, at: datetime, check: str | None = None) -> tuple[Taken, ...]:
        """The actions after that time, of one check or of all."""
        return tuple(t for t in self.taken if t.at > at and check in {None, t.check})


class MemoryStore:
    """Where the memory lies; what could not be written stands until it can."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._unwritten: Memory | None = None
        self._written: Memory | None = None

    async def load(self) -> Memory:
        """The newest memory.

        Raises:
            XiongError: the record cannot be read.
        """
        if self._unwritten is not None:
            return self._unwritten
        document = await self._records.read(KIND, _NAME)
        self._written = from_document(Memory, document) if document else Memory()
        return self._written

    async def save(self, memory: Memory) -> None:
        """Writes it, if it is another.

        Raises:
            XiongError: it cannot be written; this store goes on with it all the same.
        """
        self._unwritten = memory
        if memory != self._written:
            await self._records.write(KIND, _NAME, to_document(memory))
        self._unwritten, self._written = None, memory
