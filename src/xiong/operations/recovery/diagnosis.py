"""Whose fault it is: a check below which something does not do its work is a victim, and is left alone."""

from __future__ import annotations

from collections.abc import Iterator

from xiong.model.health import Verdict
from xiong.operations.health.check import Check
from xiong.operations.recovery.memory import Memory
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.policy import Policy


def upstream(check: Check, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """What a check depends on, however far; in dependency order."""
    by_name = {c.name: c for c in checks}
    found: set[str] = set()
    waiting = list(check.depends_on)
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in found:
            found.add(name)
            waiting += by_name[name].depends_on
    return tuple(c for c in checks if c.name in found)


def explanations(check: Check, memory: Memory, seen: Observation, policy: Policy) -> tuple[str, ...]:
    """Why this check may be ill through no fault of its own, in words; empty when it is its own.

    A degraded dependency does its work and explains nothing.
    """
    return tuple(
        words
        for dependency in upstream(check, policy.checks)
        for words in _explained_by(dependency.name, check.name, memory, seen, policy)
    )


def _explained_by(
    dependency: str, check: str, memory: Memory, seen: Observation, policy: Policy
) -> Iterator[str]:
    finding = seen.of(dependency)
    if finding is None or finding.verdict is Verdict.NOT_RUN:
        return
    if finding.verdict is Verdict.UNHEALTHY:
        yield f"{dependency} is unhealthy ({finding.cause or finding.summary})"
        return
    last = memory.of(dependency).unhealthy_at
    if last is not None and seen.at - last < policy.window:
        ago, wanted = (seen.at - last).total_seconds(), policy.limits.window_seconds
        yield f"{dependency} was unhealthy {ago:.0f} s ago; what depends on it gets {wanted:g} s"
        return
    begun = memory.of(check).since
    if begun is not None and seen.looked_at(dependency) < begun:
        yield f"{dependency} was not looked at since this began"
