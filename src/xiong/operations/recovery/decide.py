"""The healer's state machine, as a pure function: memory and observation in, memory and decisions out.

HEALTHY → SUSPECT (k of n looks failed) → diagnosis → guards → act → OBSERVING → HEALTHY, or people are told
and the check is FROZEN until it passes for a full window or a human resumes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from xiong.model.health import Finding, Verdict
from xiong.model.recovery import Condition, Decision, GuardVerdict
from xiong.operations.health.check import Check
from xiong.operations.recovery.actions.action import Action
from xiong.operations.recovery.choosing import choose
from xiong.operations.recovery.diagnosis import explanations
from xiong.operations.recovery.guards import GRAVE, QUIET, Case, verdicts
from xiong.operations.recovery.memory import CheckMemory, Memory, Taken
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.policy import Policy
from xiong.operations.recovery.standing import look_at, remember


def decide(memory: Memory, seen: Observation, policy: Policy) -> tuple[Memory, tuple[Decision, ...]]:
    """One cycle: at most one decision acts, and its action is in the memory that is returned.

    Args:
        memory: of the cycle before, with every action that was begun since.
        seen: what was found now.
        policy: what is allowed.

    Returns:
        What to remember, and a decision for each check that is not simply healthy, in dependency order.
    """
    memory = look_at(memory, seen, policy)
    decisions = []
    for check in policy.checks:
        finding = seen.of(check.name)
        if finding is None or finding.verdict is Verdict.NOT_RUN or not policy.concerns(check.name):
            continue
        memory, decision = _decided(memory, check, finding, seen, policy)
        if decision is not None:
            decisions.append(decision)
    return remember(memory, seen, policy), tuple(decisions)


def action_id(check: str, at: datetime) -> str:
    """Of an action's record; sorts by time."""
    return f"{at:%Y%m%dT%H%M%S.%f}-{check}"


def _decided(
    memory: Memory, check: Check, finding: Finding, seen: Observation, policy: Policy
) -> tuple[Memory, Decision | None]:
    state = memory.of(check.name)
    if not policy.ill(check, finding):
        return memory, _passing(state, finding, seen, policy)
    if state.condition is Condition.FROZEN:
        return _frozen(memory, state, finding, policy)
    case = _case(memory, check, finding, seen, policy)
    if case.explained:
        # What it failed at as a victim must not count once the culprit is well again.
        memory = memory.having(replace(state, looks=()))
        why = f"not its own fault: {'; '.join(case.explained)}"
        return memory, Decision(check.name, finding.cause, state.condition, guards=verdicts(case), why=why)
    if doubt := _doubt(state, seen, policy):
        return memory, Decision(check.name, finding.cause, state.condition, why=doubt)
    return _judged(case, verdicts(case))


def _frozen(memory: Memory, state: CheckMemory, finding: Finding, policy: Policy) -> tuple[Memory, Decision]:
    """Nothing more; whoever could not be told when it froze is told now."""
    since = f"{state.frozen_at:%Y-%m-%d %H:%M:%S} UTC" if state.frozen_at else "before"
    why = f"waits for a human since {since} (xiong recover --resume)"
    tells = not state.escalated and not policy.asked
    if tells:
        memory = memory.having(replace(state, escalated=True))
    return memory, Decision(state.check, finding.cause, state.condition, escalates=tells, why=why)


def _case(memory: Memory, check: Check, finding: Finding, seen: Observation, policy: Policy) -> Case:
    choice = choose(check, finding, memory, seen, policy)
    explained = explanations(check, memory, seen, policy)
    return Case(check, finding, seen, memory, policy, choice.action, choice.target, explained, choice.why)


def _passing(state: CheckMemory, finding: Finding, seen: Observation, policy: Policy) -> Decision | None:
    if state.condition is Condition.HEALTHY:
        return None
    passed = (seen.at - state.passing_since).total_seconds() if state.passing_since else 0.0
    why = f"passes for {passed:.0f} s; {policy.limits.window_seconds:g} s count as recovered"
    return Decision(state.check, finding.cause, state.condition, why=why)


def _doubt(state: CheckMemory, seen: Observation, policy: Policy) -> str:
    """Why it is not yet held to be a fault, in words; a human who asks does not wait for that."""
    if policy.asked:
        return ""
    limits, failed = policy.limits, sum(state.looks)
    if state.condition is Condition.OBSERVING and state.acted_at is not None:
        past = seen.at - state.acted_at
        if past < policy.window:
            return (
                f"an action {past.total_seconds():.0f} s ago has {limits.window_seconds:g} s to take effect"
            )
    if failed < limits.fails:
        return f"{failed} of the last {len(state.looks)} looks failed; {limits.fails} of {limits.looks} count"
    return ""


def _judged(case: Case, said: tuple[GuardVerdict, ...]) -> tuple[Memory, Decision]:
    """A fault of its own: acted on, waited with, or handed to people."""
    refused = {verdict.guard for verdict in said if not verdict.passed}
    if not refused and case.action is not None:
        return _acts(case, case.action, said)
    state = case.memory.of(case.check.name)
    why = "; ".join(f"{v.guard}: {v.why}" for v in said if not v.passed)
    decision = Decision(
        case.check.name,
        case.finding.cause,
        state.condition,
        case.action.name if case.action else None,
        case.target,
        said,
        why=why,
    )
    if refused & QUIET or case.policy.asked:
        return case.memory, decision
    hopeless = case.action is None or "component-budget" in refused
    told = bool(hopeless or refused & GRAVE)
    new = replace(state, escalated=state.escalated or told)
    if hopeless:
        new = replace(new, condition=Condition.FROZEN, frozen_at=case.now)
    decision = replace(decision, condition=new.condition, escalates=told and not state.escalated)
    return case.memory.having(new), decision


def _acts(case: Case, action: Action, said: tuple[GuardVerdict, ...]) -> tuple[Memory, Decision]:
    name = case.check.name
    taken = Taken(action_id(name, case.now), case.now, name, action.name, case.target)
    decision = Decision(
        name,
        case.finding.cause,
        Condition.OBSERVING,
        action.name,
        case.target,
        said,
        acts=True,
        why=case.choice,
    )
    return case.memory.knowing((taken,)), decision
