"""`xiong recover`: heals once in the foreground, or shows what would be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xiong.config.settings import Settings
from xiong.errors import DeadlineError
from xiong.model.health import HealthReport
from xiong.model.recovery import ActionRecord, Decision
from xiong.operations.health.check import Check
from xiong.operations.health.registry import CHECKS
from xiong.operations.health.run import choose, examine
from xiong.operations.journal import Journal
from xiong.operations.recovery.actions.action import Action
from xiong.operations.recovery.actions.registry import ACTIONS
from xiong.operations.recovery.decide import decide
from xiong.operations.recovery.executing import Executor
from xiong.operations.recovery.ledger import Ledger, taken
from xiong.operations.recovery.memory import Memory, MemoryStore
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.pause import read_pause
from xiong.operations.recovery.policy import Policy
from xiong.operations.recovery.surroundings import observed
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock, wait_for


@dataclass(frozen=True)
class Recovery:
    """What was found, decided and done.

    Attributes:
        healthy: whether none of the checks that were asked about is ill now.
        ill: those that are.
        shadow: whether it was only decided.
        lease: what somebody else holds the lease for; empty when it was free.
        decisions: one for each check that was ill, with every guard's verdict.
        action: what was done, or would have been; null where nothing was.
        report: what was found at the end.
    """

    healthy: bool
    ill: tuple[str, ...]
    shadow: bool
    lease: str
    decisions: tuple[Decision, ...]
    action: ActionRecord | None
    report: HealthReport


async def recover(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    *,
    names: Sequence[str] = (),
    shadow: bool = False,
    checks: tuple[Check, ...] = CHECKS,
    actions: tuple[Action, ...] = ACTIONS,
) -> Recovery:
    """Looks at everything, and cures at most one thing that ails the named checks, or any.

    A human asked, so one failed look is enough; every guard holds. The daemon, where one runs, takes
    notice of what was done by its record.

    Raises:
        UsageError: there is no check of that name.
        LeaseHeldError: another verb began meanwhile.
    """
    asked = frozenset(check.name for check in choose(names, checks))
    policy = Policy(settings.recovery, checks, actions, asked)
    report = await examine(platform, settings, clock, checks=checks)
    seen = await _seen(platform, clock, report)
    ledger = Ledger(platform.records)
    memory = await MemoryStore(platform.records).load()
    memory = (Memory() if memory.shadow else memory).knowing(taken(await ledger.read()))
    _, decisions = decide(memory, seen, policy)
    executor = Executor(platform, settings, clock, policy, ledger)
    action = None
    for decision in decisions:
        if decision.acts and shadow:
            action = await executor.think_of(decision, seen)
        elif decision.acts:
            progress(f"{decision.action} {decision.target} for {decision.check} ({decision.cause})")
            action = await executor.carry_out(decision, seen)
            progress(f"{action.outcome}: {action.detail}")
            report = await _settled(executor, decision.check)
    ill = _ill(report, policy)
    return Recovery(not ill, ill, shadow, seen.lease, decisions, action, report)


async def _seen(platform: Platform, clock: Clock, report: HealthReport) -> Observation:
    return observed(
        report,
        {},
        at=clock.now(),
        lease=await platform.read_lease(),
        pause=await read_pause(platform.records),
        receipts=reversed(await Journal(platform.records).history()),
    )


async def _settled(executor: Executor, check: str) -> HealthReport:
    """What is found once the check passes, or the window in which an action takes effect is over."""
    clock, policy = executor.clock, executor.policy

    async def look() -> HealthReport:
        return await examine(executor.platform, executor.settings, clock, checks=policy.checks)

    async def passing() -> HealthReport | None:
        found = await look()
        return None if check in _ill(found, policy) else found

    seconds = policy.limits.window_seconds
    try:
        return await wait_for(passing, what=f"{check} healthy", seconds=seconds, clock=clock, every=1.0)
    except DeadlineError:
        return await look()


def _ill(report: HealthReport, policy: Policy) -> tuple[str, ...]:
    by_name = {check.name: check for check in policy.checks}
    return tuple(
        f.check for f in report.findings if policy.concerns(f.check) and policy.ill(by_name[f.check], f)
    )
