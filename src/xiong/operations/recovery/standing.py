"""How a look changes where each check stands, before anything is decided. Used by `decide`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from xiong.model.health import Finding, Verdict
from xiong.model.recovery import Condition
from xiong.operations.recovery.memory import CheckMemory, Memory
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.policy import Policy

_STIRS_NOTHING = ("heal:", "drill ")
"""Purposes of a lease after which nothing has to settle: our own action has its own patience."""


def look_at(memory: Memory, seen: Observation, policy: Policy) -> Memory:
    """The memory with this look in it."""
    if seen.lease and not seen.lease.startswith(_STIRS_NOTHING):
        memory = replace(memory, lease_at=seen.at)
    states = []
    for check in policy.checks:
        state = _resumed(_acted(memory.of(check.name), memory), seen)
        finding = seen.of(check.name)
        if finding is not None and check.name not in seen.standing:
            state = _looked(state, finding, policy.ill(check, finding), seen.at, policy)
        states.append(state)
    return memory.having(*states)


def remember(memory: Memory, seen: Observation, policy: Policy) -> Memory:
    """What still counts: an action is forgotten once no limit and no present fault asks for it."""
    limits = policy.limits
    longest = timedelta(
        seconds=max(
            60 * limits.per_component_minutes,
            60 * limits.global_minutes,
            60 * (limits.storm_minutes + limits.storm_cooldown_minutes),
            (1 + limits.jitter) * max(limits.backoff_max_seconds, limits.cooldown_seconds),
            limits.window_seconds,
        )
    )
    fault = {c.check: c.ladder_from for c in memory.checks.values() if c.ladder_from}
    kept = tuple(t for t in memory.taken if seen.at - t.at <= longest or t.at >= fault.get(t.check, seen.at))
    memory = replace(memory, taken=kept)
    return memory.having(*(_acted(state, memory) for state in memory.checks.values()))


def _acted(state: CheckMemory, memory: Memory) -> CheckMemory:
    """An action was begun since: what counts is what is seen after it."""
    last = memory.last(state.check)
    if last is None or (state.acted_at is not None and last.at <= state.acted_at):
        return state
    watched = {Condition.SUSPECT, Condition.OBSERVING}
    condition = Condition.OBSERVING if state.condition in watched else state.condition
    return replace(state, acted_at=last.at, looks=(), passing_since=None, condition=condition)


def _resumed(state: CheckMemory, seen: Observation) -> CheckMemory:
    """A human let it go on: the ladder begins anew, and the fault stays the one that people were told of."""
    begun, resumed = state.ladder_from, seen.resumed_at
    if begun is None or resumed is None or resumed <= begun:
        return state
    condition = Condition.SUSPECT if state.condition is Condition.FROZEN else state.condition
    return replace(state, condition=condition, frozen_at=None, looks=(), ladder_from=resumed)


def _looked(state: CheckMemory, finding: Finding, ill: bool, at: datetime, policy: Policy) -> CheckMemory:
    if finding.verdict is Verdict.NOT_RUN:
        return replace(state, passing_since=None)
    looks = (*state.looks, ill)[-policy.limits.looks :]
    if ill:
        unhealthy = finding.verdict is Verdict.UNHEALTHY
        return replace(
            state,
            looks=looks,
            condition=Condition.SUSPECT if state.condition is Condition.HEALTHY else state.condition,
            since=state.since or at,
            ladder_from=state.ladder_from or at - _asked_again(policy),
            passing_since=None,
            unhealthy_at=at if unhealthy else state.unhealthy_at,
        )
    if state.condition is Condition.HEALTHY:
        return replace(state, looks=looks)
    passing = state.passing_since or at
    if at - passing < policy.window:
        return replace(state, looks=looks, passing_since=passing)
    return CheckMemory(state.check, looks=looks, acted_at=state.acted_at, unhealthy_at=state.unhealthy_at)


def _asked_again(policy: Policy) -> timedelta:
    """A human who asks once more within the budget's minutes wants the next rung, also without the daemon."""
    return timedelta(minutes=policy.limits.per_component_minutes if policy.asked else 0)
