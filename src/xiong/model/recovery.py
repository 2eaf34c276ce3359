"""What the healer decides and did: decided by `operations/recovery`, shown and replayed anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xiong.model.health import Finding


class Condition(StrEnum):
    """Where a check stands in the healer's state machine."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    OBSERVING = "observing"
    FROZEN = "frozen"


@dataclass(frozen=True)
class GuardVerdict:
    """What one guard said.

    Attributes:
        guard: its name, e.g. `lease`, `cooldown`.
        passed: whether it lets the action through.
        why: in words, with the numbers.
    """

    guard: str
    passed: bool
    why: str


@dataclass(frozen=True)
class Decision:
    """What the healer made of one check in one cycle.

    Attributes:
        check: whose finding it is about.
        cause: the finding's cause.
        condition: where the check stands now.
        action: the action chosen, or None where there is none to take.
        target: the instance it is about, or empty.
        guards: every guard's verdict, in order; empty where it did not come to that.
        acts: whether the action is to be carried out now.
        escalates: whether people are to be told now, once for each fault.
        why: in words.
    """

    check: str
    cause: str
    condition: Condition
    action: str | None = None
    target: str = ""
    guards: tuple[GuardVerdict, ...] = ()
    acts: bool = False
    escalates: bool = False
    why: str = ""


class ActionOutcome(StrEnum):
    """BEGUN is written before the action, and stays where its process died.

    DONE is not yet a recovery: that counts when the check passes for a full window.
    """

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    SHADOW = "shadow"


@dataclass(frozen=True)
class ActionRecord:
    """An action that was carried out, or would have been.

    Attributes:
        id: sorts by time.
        at: UTC.
        check: whose fault it answered.
        cause: of that fault.
        action: its name.
        target: the instance, or empty.
        blast_radius: what it may disturb, in words.
        outcome: see `ActionOutcome`.
        detail: what was done, in words.
        before: what was found before it.
        after: what was found once it was done; None where nobody looked.
        seconds: how long it took.
    """

    id: str
    at: datetime
    check: str
    cause: str
    action: str
    target: str
    blast_radius: str
    outcome: ActionOutcome
    detail: str
    before: Finding
    after: Finding | None = None
    seconds: float = 0.0
