"""What stands between a fault and an action: every guard says yes or no, in words and with its numbers.

All of them are asked each time, also when an earlier one refuses, so that people see the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from xiong.model.health import Finding
from xiong.model.recovery import GuardVerdict
from xiong.operations.health.check import Check
from xiong.operations.recovery.actions.action import Action
from xiong.operations.recovery.memory import Memory
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.policy import Policy


@dataclass(frozen=True)
class Case:
    """A fault that is about to be acted on.

    Attributes:
        check: whose finding it is.
        finding: what was found.
        seen: everything else that was seen.
        memory: what is remembered, with this look.
        policy: what is allowed.
        action: what would be done; None where nothing is left to try.
        target: the instance, or empty.
        explained: why it is somebody else's fault, in words.
        choice: why it is this action, or none.
    """

    check: Check
    finding: Finding
    seen: Observation
    memory: Memory
    policy: Policy
    action: Action | None
    target: str
    explained: tuple[str, ...]
    choice: str

    @property
    def now(self) -> datetime:
        return self.seen.at


Said = tuple[bool, str]


def _root_cause(case: Case) -> Said:
    """R13: what is down below restarts nothing above."""
    return not case.explained, "; ".join(case.explained) or "nothing that it depends on is unhealthy"


def _lease(case: Case) -> Said:
    if case.seen.lease:
        return False, f"held: {case.seen.lease}"
    ended = case.memory.lease_at
    if ended is not None and case.now - ended < case.policy.window and not case.policy.asked:
        return False, f"somebody was at work {_ago(case.now - ended)}; {_s(case.policy.window)} must pass"
    return True, "free"


def _pause(case: Case) -> Said:
    until = case.seen.paused_until
    if until is not None and until > case.now:
        return False, f"paused until {until:%Y-%m-%d %H:%M:%S} UTC (xiong recover --resume)"
    return True, "not paused"


def _action_allowed(case: Case) -> Said:
    return case.action is not None, case.choice


def _healthy_fraction(case: Case) -> Said:
    """Fail open: when most look ill, the look may be wrong, and touching them may end what still works."""
    finding, least = case.finding, case.policy.limits.min_healthy
    if case.action is None or not case.action.per_instance or not finding.of:
        return True, "not about one instance of several"
    well = max(finding.of - len(finding.ill), 0)
    words = f"{well} of {finding.of} are well ({well / finding.of:.0%}); at least {least:.0%} must be"
    return well / finding.of >= least, words


def _component_budget(case: Case) -> Said:
    limits = case.policy.limits
    window = timedelta(minutes=limits.per_component_minutes)
    taken = len(case.memory.since(case.now - window, case.check.name))
    return taken < limits.per_component, f"{taken} of {limits.per_component} in {_min(window)}"


def _global_budget(case: Case) -> Said:
    limits = case.policy.limits
    window = timedelta(minutes=limits.global_minutes)
    taken = len(case.memory.since(case.now - window))
    return taken < limits.global_actions, f"{taken} of {limits.global_actions} in {_min(window)}"


def _back_off(case: Case) -> Said:
    last = case.memory.last(case.check.name)
    if last is None:
        return True, "no action yet"
    tried = len(case.memory.tried(case.check.name))
    wanted = case.policy.patience(case.check.name, tried)
    words = f"{last.action} {_ago(case.now - last.at)}; {_s(wanted)} must pass after {tried} without success"
    return case.now - last.at >= wanted, words


def _one_at_a_time(case: Case) -> Said:
    """So that the effect of one is seen before the next."""
    if case.seen.acting:
        return False, f"{case.seen.acting} is being carried out"
    last = case.memory.last()
    if last is None or case.now - last.at >= case.policy.window:
        return True, "no other action is under way"
    words = f"{last.action} for {last.check} {_ago(case.now - last.at)}; {_s(case.policy.window)} must pass"
    return False, words


def _storm(case: Case) -> Said:
    """Many actions close together cure nothing: something common is wrong."""
    limits = case.policy.limits
    near = timedelta(minutes=limits.storm_minutes)
    rest = timedelta(minutes=limits.storm_cooldown_minutes)
    for last in reversed(case.memory.since(case.now - rest)):
        close = [t for t in case.memory.taken if last.at - near < t.at <= last.at]
        if len(close) >= limits.storm_actions:
            return False, f"{len(close)} actions in {_min(near)}; nothing until {last.at + rest:%H:%M:%S} UTC"
    return True, f"fewer than {limits.storm_actions} actions in any {_min(near)}"


_GUARDS: dict[str, Callable[[Case], Said]] = {
    "root-cause": _root_cause,
    "lease": _lease,
    "pause": _pause,
    "action-allowed": _action_allowed,
    "healthy-fraction": _healthy_fraction,
    "component-budget": _component_budget,
    "global-budget": _global_budget,
    "back-off": _back_off,
    "one-at-a-time": _one_at_a_time,
    "storm": _storm,
}
GUARDS = tuple(_GUARDS)
"""Their names, in the order in which they are asked."""

QUIET = frozenset({"root-cause", "lease", "pause"})
"""While one of these refuses, somebody knows already: nobody is told."""

GRAVE = frozenset({"healthy-fraction", "component-budget", "global-budget", "storm"})
"""Where one of these refuses, the healer cannot help any more: people are told."""


def verdicts(case: Case) -> tuple[GuardVerdict, ...]:
    """What every guard says."""
    return tuple(GuardVerdict(name, *guard(case)) for name, guard in _GUARDS.items())


def _ago(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s ago"


def _s(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


def _min(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g} min"
