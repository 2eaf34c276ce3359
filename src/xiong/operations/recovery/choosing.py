"""Which action comes next against a fault, and on which instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from xiong.model.health import Finding
from xiong.operations.health.check import Check
from xiong.operations.recovery.actions.action import Action
from xiong.operations.recovery.memory import Memory
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.policy import ROLL_BACK, Policy


@dataclass(frozen=True)
class Choice:
    """What comes next.

    Attributes:
        action: None where nothing is left to try.
        target: the instance, or empty.
        why: in words.
    """

    action: Action | None
    target: str
    why: str


def choose(check: Check, finding: Finding, memory: Memory, seen: Observation, policy: Policy) -> Choice:
    """The mildest action that was not yet tried, on the ill instance on which the least was tried."""
    ladder = policy.ladder(check, finding.cause)
    tried = {(t.action, t.target) for t in memory.tried(check.name)}
    refused = _too_old(seen, policy)
    for action, target in _rungs(ladder, finding, tried):
        if action.name != ROLL_BACK or not refused:
            on = f" on {target}" if target else ""
            return Choice(action, target, f"{action.name}{on} may cure `{finding.cause}`")
    if not ladder:
        return Choice(None, "", f"no action may cure `{finding.cause or 'no cause'}`")
    done = ", ".join(f"{name} {target}".strip() for name, target in sorted(tried)) or "nothing"
    young = f"; {ROLL_BACK}: {refused}" if refused and any(a.name == ROLL_BACK for a in ladder) else ""
    return Choice(None, "", f"nothing is left to try: {done} was tried{young}")


def _rungs(
    ladder: tuple[Action, ...], finding: Finding, tried: set[tuple[str, str]]
) -> Iterator[tuple[Action, str]]:
    """What is untried, in the order in which it is to be tried."""
    touched = [target for _, target in tried]
    for instance in sorted(finding.ill or ("",), key=touched.count):
        yield from _untried(tuple(a for a in ladder if _has_target(a)), instance, tried)
    yield from _untried(tuple(a for a in ladder if not _has_target(a)), "", tried)


def _untried(
    ladder: tuple[Action, ...], target: str, tried: set[tuple[str, str]]
) -> Iterator[tuple[Action, str]]:
    return ((action, target) for action in ladder if (action.name, target) not in tried)


def _has_target(action: Action) -> bool:
    return action.per_instance or action.targeted


def _too_old(seen: Observation, policy: Policy) -> str:
    """Why the release is not rolled back, in words; empty where it may be."""
    minutes = policy.limits.young_release_minutes
    if seen.deployed_at is None:
        return "no deploy put this release here"
    age = seen.at - seen.deployed_at
    if age < timedelta(minutes=minutes):
        return ""
    return f"the release is {age.total_seconds() / 60:.0f} min old, younger than {minutes:g} min is wanted"
