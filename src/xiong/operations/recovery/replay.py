"""`xiong recover --replay`: what the present policy would have done with what was recorded.

The findings stay as they were: what another action would have cured cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from xiong.model.recovery import ActionOutcome, ActionRecord, Decision
from xiong.operations.recovery.decide import decide
from xiong.operations.recovery.history import History
from xiong.operations.recovery.memory import Memory
from xiong.operations.recovery.observations import EVERY, Observation
from xiong.operations.recovery.policy import Policy

_OWN = "heal:"


@dataclass(frozen=True)
class Deed:
    """An action, done or thought of.

    Attributes:
        at: UTC.
        check: whose fault it answers.
        cause: of that fault.
        action: its name.
        target: the instance, or empty.
    """

    at: datetime
    check: str
    cause: str
    action: str
    target: str = ""


@dataclass(frozen=True)
class Told:
    """People told of a fault.

    Attributes:
        at: UTC.
        check: whose fault it is.
        cause: of that fault.
        why: in words.
    """

    at: datetime
    check: str
    cause: str
    why: str


@dataclass(frozen=True)
class Replay:
    """What would have been done, beside what was.

    Attributes:
        observations: how many were recorded.
        begun_at: the first, or null.
        ended_at: the last, or null.
        would: what the present policy would have done.
        tells: what it would have told people.
        refusals: {guard: in how many cycles it would have refused}.
        did: what was done.
        only_would: those of `would` that were not done.
        only_did: those of `did` that would not have been done.
    """

    observations: int
    begun_at: datetime | None
    ended_at: datetime | None
    would: tuple[Deed, ...]
    tells: tuple[Told, ...]
    refusals: dict[str, int]
    did: tuple[Deed, ...]
    only_would: tuple[Deed, ...]
    only_did: tuple[Deed, ...]


def replay(history: History, policy: Policy, every_seconds: float) -> Replay:
    """Decides again on each cycle that the records stand for.

    Args:
        history: what was seen and done.
        policy: the present one.
        every_seconds: from one cycle of the daemon to the next.
    """
    memory = Memory()
    would: list[Deed] = []
    tells: list[Told] = []
    refusals: dict[str, int] = {}
    for seen in _cycles(history.observations, policy, timedelta(seconds=every_seconds)):
        memory, decisions = decide(memory, seen, policy)
        for decision in decisions:
            if decision.acts and decision.action:
                would.append(_deed(decision, seen.at))
            if decision.escalates:
                tells.append(Told(seen.at, decision.check, decision.cause, decision.why))
            for guard in (v.guard for v in decision.guards if not v.passed):
                refusals[guard] = refusals.get(guard, 0) + 1
    did = [_done(r) for r in history.actions if r.outcome is not ActionOutcome.SHADOW]
    tolerance = timedelta(seconds=policy.limits.cooldown_seconds)
    times = [seen.at for seen in history.observations]
    return Replay(
        observations=len(times),
        begun_at=min(times, default=None),
        ended_at=max(times, default=None),
        would=tuple(would),
        tells=tuple(tells),
        refusals=refusals,
        did=tuple(did),
        only_would=_unmatched(would, did, tolerance),
        only_did=_unmatched(did, would, tolerance),
    )


def _cycles(recorded: tuple[Observation, ...], policy: Policy, every: timedelta) -> Iterator[Observation]:
    """The cycles between two records too, in which nothing else was seen; none where the daemon was away."""
    ends = [*(o.at for o in recorded[1:]), recorded[-1].at + every] if recorded else []
    looked: dict[str, datetime] = {}
    for seen, end in zip(recorded, ends, strict=True):
        looked = {f.check: seen.looked_at(f.check) for f in seen.findings}
        at = seen.at
        yield _ours(seen)
        while (at := at + every) < min(end, seen.at + EVERY + every):
            due = {c.name: timedelta(seconds=c.every_seconds) for c in policy.checks}
            looked = {
                name: at if at - last >= due.get(name, timedelta(0)) else last
                for name, last in looked.items()
            }
            standing = {name: last for name, last in looked.items() if last != at}
            yield _ours(replace(seen, at=at, standing=standing))


def _ours(seen: Observation) -> Observation:
    """Without the healer's own work of then: the replay has its own."""
    return replace(seen, acting="", lease="" if seen.lease.startswith(_OWN) else seen.lease)


def _deed(decision: Decision, at: datetime) -> Deed:
    return Deed(at, decision.check, decision.cause, decision.action or "", decision.target)


def _done(record: ActionRecord) -> Deed:
    return Deed(record.at, record.check, record.cause, record.action, record.target)


def _unmatched(some: list[Deed], others: list[Deed], tolerance: timedelta) -> tuple[Deed, ...]:
    """Those without a counterpart of about the same time."""
    left, unmatched = list(others), []
    for deed in some:
        same = next((o for o in left if _same(deed, o, tolerance)), None)
        if same is None:
            unmatched.append(deed)
        else:
            left.remove(same)
    return tuple(unmatched)


def _same(one: Deed, other: Deed, tolerance: timedelta) -> bool:
    alike = replace(one, at=other.at, cause=other.cause) == other
    return alike and abs(one.at - other.at) <= tolerance
