"""Carries out one action, with its record written before and after. Used by the daemon and by `recover`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace

from xiong.config.settings import Settings
from xiong.errors import LeaseHeldError, XiongError
from xiong.model.health import Finding
from xiong.model.recovery import ActionOutcome, ActionRecord, Decision
from xiong.operations.health.run import examine
from xiong.operations.leasing import beside_drill
from xiong.operations.recovery.actions.action import Action, Patient
from xiong.operations.recovery.decide import action_id
from xiong.operations.recovery.ledger import Ledger
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.policy import Policy
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock


@dataclass(frozen=True)
class Executor:
    """Carries out what was decided, one action at a time.

    Attributes:
        platform: on what it works.
        settings: of this copy.
        clock: whose time counts.
        policy: with the actions and the checks that there are.
        ledger: where it is recorded.
    """

    platform: Platform
    settings: Settings
    clock: Clock
    policy: Policy
    ledger: Ledger

    async def carry_out(self, decision: Decision, seen: Observation) -> ActionRecord:
        """Does it; an action that does not work is in its record, not raised.

        The record stands before the action begins, so that one that a death cuts off is found and counted.

        Raises:
            LeaseHeldError: somebody else is at work: nothing was done, and nothing is counted.
        """
        action, finding = self._chosen(decision, seen)
        record = _begun(decision, action, finding, seen)
        with suppress(XiongError):  # a full disk must not prevent what frees it; the memory counts it too
            await self.ledger.write(record)
        begun = self.clock.monotonic()
        try:
            outcome, detail = await self._done(action, self._patient(decision, finding))
        except LeaseHeldError:
            await self.ledger.strike(record)
            raise
        seconds = self.clock.monotonic() - begun
        after = await self._found_after(decision.check)
        ended = replace(record, outcome=outcome, detail=detail, seconds=seconds, after=after)
        await self.ledger.write(ended)
        return ended

    async def think_of(self, decision: Decision, seen: Observation) -> ActionRecord:
        """What would be done now; nothing is changed or recorded."""
        action, finding = self._chosen(decision, seen)
        plan = await action.plan(self._patient(decision, finding))
        return replace(_begun(decision, action, finding, seen), outcome=ActionOutcome.SHADOW, detail=plan)

    def _chosen(self, decision: Decision, seen: Observation) -> tuple[Action, Finding]:
        action = next(a for a in self.policy.actions if a.name == decision.action)
        return action, next(f for f in seen.findings if f.check == decision.check)

    def _patient(self, decision: Decision, finding: Finding) -> Patient:
        return Patient(self.platform, self.settings, self.clock, finding, decision.target)

    async def _done(self, action: Action, patient: Patient) -> tuple[ActionOutcome, str]:
        limit = self.settings.recovery.action_seconds
        try:
            with beside_drill():
                async with asyncio.timeout(limit):
                    return ActionOutcome.DONE, await action.act(patient)
        except LeaseHeldError:
            raise
        except TimeoutError:
            return ActionOutcome.FAILED, f"not done within {limit:g} s"
        except XiongError as error:
            return ActionOutcome.FAILED, error.message
        except OSError as error:
            return ActionOutcome.FAILED, str(error)

    async def _found_after(self, check: str) -> Finding | None:
        checks = self.policy.checks
        return (await examine(self.platform, self.settings, self.clock, (check,), checks=checks)).of(check)


def _begun(decision: Decision, action: Action, finding: Finding, seen: Observation) -> ActionRecord:
    return ActionRecord(
        id=action_id(decision.check, seen.at),
        at=seen.at,
        check=decision.check,
        cause=decision.cause,
        action=action.name,
        target=decision.target,
        blast_radius=action.blast_radius,
        outcome=ActionOutcome.BEGUN,
        detail=decision.why,
        before=finding,
    )
