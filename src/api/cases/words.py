"""Which words of a message gave the danger away: the rules judge it again, as they did when it came.

A risk event keeps the names of the rules and not the places. The rules are pure, so what they say of the same
text is the same; a rule of then that a newer release no longer has is named without a place.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from api.cases.model import Said, Trigger
from api.risk.model import Match, RiskAssessor


def spoken(
    assessor: RiskAssessor, triggers: Sequence[Trigger], said: Sequence[Said]
) -> Mapping[uuid.UUID, tuple[Match, ...]]:
    """Returns {risk event: matches of its rules}, in text order; only of messages that are still there."""
    place = {message.id: number for number, message in enumerate(said)}
    return {
        trigger.event_id: _matches(assessor, trigger, said, place[trigger.message_id])
        for trigger in triggers
        if trigger.message_id in place
    }


def _matches(
    assessor: RiskAssessor, trigger: Trigger, said: Sequence[Said], number: int
) -> tuple[Match, ...]:
    message = said[number]
    before = tuple(
        other.content
        for other in said[:number]
        if other.role == "person" and other.conversation_id == message.conversation_id
    )
    found = assessor.assess(message.content, before).matches
    return tuple(match for match in found if match.rule in trigger.rules and match.start < match.end)
