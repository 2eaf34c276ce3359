"""Which words of a message are shown as those that gave the danger away."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api.cases.model import Said, Trigger
from api.cases.words import spoken
from api.risk.model import Level
from api.risk.rule_engine import RuleEngine

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TALK = uuid.uuid4()


@pytest.fixture(scope="module")
def engine() -> RuleEngine:
    return RuleEngine.shipped()


def said(text: str, role: str = "person", talk: uuid.UUID = TALK) -> Said:
    return Said(uuid.uuid4(), talk, role, text, "HIGH" if role == "person" else None, NOW)


def trigger(engine: RuleEngine, message: Said, before: tuple[str, ...] = ()) -> Trigger:
    """The risk event that the chat path stores for a message."""
    found = engine.assess(message.content, before)
    rules = tuple(match.rule for match in found.matches)
    return Trigger(uuid.uuid4(), message.id, found.level.name, found.categories, rules, NOW)


def test_the_words_are_found_again_in_the_message_that_is_kept(engine: RuleEngine):
    message = said("今天天氣好。我 不 想 活 了，藥都準備好了")
    event = trigger(engine, message)
    matches = spoken(engine, [event], [said("你好"), message, said("我在", "assistant")])[event.event_id]

    assert Level[event.level] >= Level.HIGH
    assert {match.rule for match in matches} == set(event.rules)
    shown = {message.content[match.start : match.end] for match in matches}
    assert any("活" in words for words in shown)
    assert not any("天氣" in words for words in shown)


def test_a_vague_message_is_read_in_the_light_of_what_the_person_said_before(engine: RuleEngine):
    before, vague = said("我想死"), said("再見")
    event = trigger(engine, vague, (before.content,))
    assert Level[event.level] >= Level.HIGH
    other = said("我想死", talk=uuid.uuid4())

    assert spoken(engine, [event], [before, vague])[event.event_id]
    assert engine.assess(vague.content).level < Level[event.level]
    assert not spoken(engine, [event], [other, vague])[event.event_id]


def test_a_rule_that_did_not_speak_then_marks_nothing_now(engine: RuleEngine):
    message = said("我想死")
    event = replace(trigger(engine, message), rules=("second_opinion", "a_rule_of_an_older_release"))

    assert spoken(engine, [event], [message]) == {event.event_id: ()}


def test_a_message_that_is_gone_has_no_words(engine: RuleEngine):
    event = replace(trigger(engine, said("我想死")), message_id=None)

    assert spoken(engine, [event], [said("你好")]) == {}
