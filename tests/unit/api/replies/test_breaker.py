"""The circuit breaker over an injected clock."""

from __future__ import annotations

import pytest

from api.replies.breaker import Breaker, State


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, pause_s=30.0, clock=clock)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        assert breaker.allows()
        breaker.failed()


def test_it_opens_after_failures_in_a_row_only(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.allows()
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state is State.CLOSED
    fail(breaker, 1)
    assert breaker.state is State.OPEN
    assert not breaker.allows()


def test_after_the_pause_one_call_probes_and_the_others_wait(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 29.9
    assert not breaker.allows()
    clock.now += 0.1
    assert breaker.state is State.HALF_OPEN
    assert breaker.allows()
    assert not breaker.allows()
    breaker.succeeded()
    assert breaker.state is State.CLOSED
    assert breaker.allows()


def test_a_failed_probe_opens_for_another_pause(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    fail(breaker, 1)
    assert breaker.state is State.OPEN
    clock.now += 29
    assert not breaker.allows()
    clock.now += 1
    assert breaker.allows()


def test_an_abandoned_probe_leaves_the_place_to_the_next(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    assert breaker.allows()
    breaker.abandoned()
    assert breaker.allows()


def test_a_straggler_does_not_prolong_the_pause(breaker: Breaker, clock: Clock) -> None:
    assert breaker.allows()
    fail(breaker, 3)
    clock.now += 29
    breaker.failed()
    clock.now += 1
    assert breaker.state is State.HALF_OPEN


def test_calls_that_were_under_way_when_it_opened_do_not_prolong_the_pause_of_a_closed_one(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, 3)
    clock.now += 30
    assert breaker.allows()
    breaker.succeeded()
    breaker.failed()  # a straggler from before
    assert breaker.state is State.CLOSED
