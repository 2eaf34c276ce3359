"""What people are told when the healer cannot help: once for each fault, and what to type next."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.model.recovery import Condition, Decision
from xiong.operations.recovery.memory import Memory
from xiong.operations.recovery.observations import Observation


@dataclass(frozen=True)
class Escalation:
    """One message to people.

    Attributes:
        title: one line.
        body: what was found, what was tried, what stands in the way, what to type.
        key: the same for the same fault.
    """

    title: str
    body: str
    key: str


def notice(decision: Decision, memory: Memory, seen: Observation) -> Escalation:
    """The message about a decision that escalates."""
    state, finding = memory.of(decision.check), seen.of(decision.check)
    begun = state.since or seen.at
    tried = [f"{t.action} {t.target}".strip() + f" at {t.at:%H:%M:%S}" for t in memory.tried(state.check)]
    frozen = decision.condition is Condition.FROZEN
    lines = [
        f"Found: {finding.summary if finding else decision.cause}",
        f"Since: {begun:%Y-%m-%d %H:%M:%S} UTC",
        f"Tried: {', '.join(tried) or 'nothing'}{' (shadow: only thought of)' if memory.shadow else ''}",
        f"Refused: {decision.why}",
        f"Look: {finding.hint if finding and finding.hint else f'xiong health {decision.check}'}",
    ]
    if frozen:
        lines.append("Nothing more is done by itself until it is healthy, or: xiong recover --resume")
    title = f"{decision.check} needs a human: {decision.cause or 'unhealthy'}"
    return Escalation(title, "\n".join(lines), f"recovery-{decision.check}-{begun:%Y%m%dT%H%M%S}")
