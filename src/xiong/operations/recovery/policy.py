"""What the healer may do: its limits, the checks with what each allows, the actions. `decide` is given it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from xiong.config.healing import RecoverySettings
from xiong.model.health import Finding, Verdict
from xiong.operations.health.check import Check
from xiong.operations.recovery.actions.action import Action

ROLL_BACK = "roll-back"


@dataclass(frozen=True)
class Policy:
    """All that a decision depends on, besides what was seen and what is remembered.

    Attributes:
        limits: of the settings.
        checks: in dependency order: what comes first is cured first.
        actions: those that can be carried out here.
        asked: checks that a human asked about: no others are decided on, and one failed look is enough.
    """

    limits: RecoverySettings
    checks: tuple[Check, ...]
    actions: tuple[Action, ...]
    asked: frozenset[str] = frozenset()

    def concerns(self, check: str) -> bool:
        """Whether this check is decided on."""
        return not self.asked or check in self.asked

    def ill(self, check: Check, finding: Finding) -> bool:
        """Whether it is a fault: it does not do its work, or its check names what to do about how it does."""
        if finding.verdict is Verdict.DEGRADED:
            return finding.cause in dict(check.allows)
        return finding.verdict is Verdict.UNHEALTHY

    def ladder(self, check: Check, cause: str) -> tuple[Action, ...]:
        """What may be tried for that cause, mildest first."""
        known = {action.name: action for action in self.actions}
        return tuple(known[name] for name in dict(check.allows).get(cause, ()) if name in known)

    def patience(self, check: str, actions: int) -> timedelta:
        """How long to wait after the last of so many actions that did not help.

        The jitter follows from the arguments, so that a replay waits exactly as long.
        """
        limits = self.limits
        grown = limits.cooldown_seconds * limits.backoff_factor ** max(actions - 1, 0)
        longest = max(limits.backoff_max_seconds, limits.cooldown_seconds)
        dice = int.from_bytes(hashlib.sha256(f"{check} {actions}".encode()).digest()[:4]) / 2**32
        return timedelta(seconds=min(grown, longest) * (1 + limits.jitter * dice))

    @property
    def window(self) -> timedelta:
        """How long a check must pass to count as recovered, and an action has to take effect."""
        return timedelta(seconds=self.limits.window_seconds)
