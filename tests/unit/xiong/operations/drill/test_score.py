"""What a drill's figures are worth: each broken promise is named, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xiong.model.drill import Measure
from xiong.operations.drill import score
from xiong.operations.drill.drill import Limits, Unanswered
from xiong.operations.drill.load import Sent
from xiong.operations.drill.score import Spell

SPELL = Spell(began=100.0, struck=100.1, healed=110.0)
GOT_THROUGH = Sent("synthetic-1", 100.0, 100.2, None, "conversation", "message")


def failed(begun: float, ended: float | None) -> Sent:
    """A message whose first try failed, and whose second got through."""
    return replace(GOT_THROUGH, begun=begun, ended=ended, fault="status 502")


def limits(unanswered: Unanswered, seconds: float = 0.0) -> Limits:
    return Limits(heal_seconds=20, unanswered=unanswered, unanswered_seconds=seconds)


@pytest.mark.parametrize(
    ("begun", "ended", "none", "in_flight", "while_ill"),
    [
        (90.0, 90.5, True, True, True),  # before the drill had done anything
        (99.9, 100.2, False, True, True),  # under way when it struck
        (100.05, 100.2, False, True, True),
        (100.5, 100.6, False, False, True),
        (110.5, 110.6, False, False, False),  # all was well again
    ],
)
def test_a_message_without_an_answer_is_excused_as_the_limits_say(begun, ended, none, in_flight, while_ill):
    one = failed(begun, ended)

    assert score.is_excused(one, limits(Unanswered.NONE), SPELL) is none
    assert score.is_excused(one, limits(Unanswered.IN_FLIGHT), SPELL) is in_flight
    assert score.is_excused(one, limits(Unanswered.WHILE_ILL), SPELL) is while_ill


def test_until_the_proxy_found_it_messages_to_a_replica_that_hangs_are_excused():
    assert score.is_excused(failed(102.0, 112.0), limits(Unanswered.IN_FLIGHT, 3), SPELL)
    assert not score.is_excused(failed(103.5, 112.0), limits(Unanswered.IN_FLIGHT, 3), SPELL)


def test_a_message_that_never_got_through_and_one_that_was_not_kept_are_lost():
    never = replace(failed(100.0, 100.2), message=None, conversation=None)

    load = score.count([GOT_THROUGH, never], [GOT_THROUGH], limits(Unanswered.WHILE_ILL), SPELL)

    assert (load.sent, load.unanswered, load.unexcused, load.lost) == (2, 1, 0, 2)
    assert score.broken((), load) == ["2 messages were lost: expected none"]


def test_a_message_that_still_hangs_counts_as_unanswered():
    hanging = Sent("synthetic-1", 105.0)

    load = score.count([hanging], [], limits(Unanswered.IN_FLIGHT), SPELL)

    assert (load.unanswered, load.unexcused, load.lost) == (1, 1, 1)


def test_each_promise_that_was_not_kept_is_named_with_what_was_seen():
    load = score.count([], [], limits(Unanswered.NONE), SPELL)
    measures = (
        Measure("detect", 16.2, 15),
        Measure("told", None, None, "nobody has to be told", judged=False),
        Measure("page", None, 30, "no pager took the page up"),
        Measure("heal", 20.0, 20),
    )

    assert score.broken(measures, load) == [
        "detect: 16.2 s, promised within 15 s",
        "page: no pager took the page up, promised within 30 s",
    ]


def test_what_cannot_be_looked_at_here_breaks_no_promise():
    page = Measure("page", None, 30, "not run: paging.file is not set", judged=False)

    assert page.kept


def test_a_message_that_should_have_been_answered_is_told_with_its_time_and_its_error():
    some = limits(Unanswered.IN_FLIGHT)
    found = score.unexcused([failed(104.1, 104.2), GOT_THROUGH], some, SPELL)

    (said,) = score.left_alone(found, some, SPELL)

    assert said == (
        "1 messages got no answer at the first try: expected only such as were under way at the blow; "
        "the last was sent 4.0 s after it and got status 502"
    )
    assert score.left_alone([], some, SPELL) == []
