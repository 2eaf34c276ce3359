"""A healer in simulated time: what was found is said cycle by cycle, and what it decided is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from xiong.config.healing import RecoverySettings
from xiong.model.health import Finding, Verdict
from xiong.model.recovery import Condition, Decision
from xiong.operations.health.check import Check
from xiong.operations.recovery.actions.action import Action, Patient
from xiong.operations.recovery.decide import decide
from xiong.operations.recovery.memory import Memory
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.policy import Policy

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CYCLE = 5.0


async def _nobody_looks(_: Any) -> Finding:
    raise AssertionError("nobody looks with it")


async def _nothing(_: Patient) -> str:
    return "nothing"


def action(name: str, *, per_instance: bool = False, targeted: bool = False) -> Action:
    """One that is only decided on."""
    return Action(name, "nothing", _nothing, _nothing, per_instance, targeted)


def check(name: str, *depends_on: str, every: float = 0, **allows: str) -> Check:
    """One that nobody looks with; `allows` is cause="action action", mildest first; _ stands for -."""
    ladders = tuple((cause.replace("_", "-"), tuple(names.split())) for cause, names in allows.items())
    return Check(name, _nobody_looks, depends_on=depends_on, allows=ladders, every_seconds=every)


LADDER = "restart-replica replace-replica roll-back"
CHECKS = (
    check("disk", disk_full="free-disk"),
    check("database", "disk", down="restart-store", idle_in_transaction="cancel-idle-sessions"),
    check("cache", "disk", down="restart-store"),
    check("api", "database", "cache", "disk", hung=LADDER, down=LADDER, crash_loop="roll-back"),
    check("proxy", "api", down="restart-process"),
    check("pager", "database", down="restart-process"),
    check("clock", skew=""),
)
ACTIONS = (
    action("restart-replica", per_instance=True),
    action("replace-replica", per_instance=True),
    action("roll-back"),
    action("restart-store", targeted=True),
    action("restart-process", targeted=True),
    action("cancel-idle-sessions"),
    action("free-disk"),
)


def policy(asked: Iterable[str] = (), **limits: Any) -> Policy:
    """The default limits but for these."""
    return Policy(RecoverySettings(**limits), CHECKS, ACTIONS, frozenset(asked))


def ill(name: str, cause: str = "down", *instances: str, of: int = 0, degraded: bool = False) -> Finding:
    """A check that fails."""
    verdict = Verdict.DEGRADED if degraded else Verdict.UNHEALTHY
    return Finding(name, verdict, f"{name} is {cause}", ill=instances, of=of, cause=cause)


World = Callable[[float], Iterable[Finding]]
"""What ails at so many seconds after the start; all else is well."""


class Simulation:
    """Cycles, with what became of them."""

    def __init__(self, rules: Policy | None = None) -> None:
        self.policy = rules or policy()
        self.memory = Memory()
        self.seconds = 0.0
        self.acts: list[tuple[float, Decision]] = []
        self.told: list[tuple[float, Decision]] = []
        self.last: tuple[Decision, ...] = ()

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def run(self, seconds: float, world: World | Iterable[Finding] = (), **surroundings: Any) -> Simulation:
        """Goes on for so long; `surroundings` are fields of the observation."""
        constant = None if callable(world) else tuple(world)
        end = self.seconds + seconds
        while self.seconds < end:
            faults = world(self.seconds) if callable(world) else constant or ()
            self.cycle(*faults, **surroundings)
            self.seconds += CYCLE
        return self

    def cycle(self, *faults: Finding, **surroundings: Any) -> tuple[Decision, ...]:
        """One look and what is decided on it."""
        named = {f.check: f for f in faults}
        well = {c.name: Finding(c.name, Verdict.HEALTHY, "well") for c in self.policy.checks}
        seen = replace(Observation(self.now, tuple((well | named).values())), **surroundings)
        self.memory, self.last = decide(self.memory, seen, self.policy)
        self.acts += [(self.seconds, d) for d in self.last if d.acts]
        self.told += [(self.seconds, d) for d in self.last if d.escalates]
        return self.last

    @property
    def actions(self) -> list[str]:
        """What was done, in order."""
        return [f"{d.action} {d.target}".strip() for _, d in self.acts]

    @property
    def alarms(self) -> list[str]:
        """Whom people were told of, in order."""
        return [d.check for _, d in self.told]

    def condition(self, name: str) -> Condition:
        return self.memory.of(name).condition

    def decision(self, name: str) -> Decision:
        """The last one about that check."""
        return next(d for d in self.last if d.check == name)

    def refusals(self, name: str) -> set[str]:
        """The guards that refused last."""
        return {v.guard for v in self.decision(name).guards if not v.passed}
