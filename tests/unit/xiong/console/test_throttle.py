"""Guessing tokens is slow."""

from __future__ import annotations

from xiong.console.throttle import Throttle


class Ticking:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


def test_five_wrong_tokens_a_minute_hold_an_address_back_and_no_other():
    clock = Ticking()
    throttle = Throttle(clock)
    for _ in range(5):
        assert throttle.wait_seconds("10.0.0.1") == 0
        throttle.wrong("10.0.0.1")

    assert throttle.wait_seconds("10.0.0.1") == 61
    assert throttle.wait_seconds("10.0.0.2") == 0
    clock.at += 60
    assert throttle.wait_seconds("10.0.0.1") == 0


def test_strangers_cannot_keep_those_on_call_from_logging_in():
    throttle = Throttle(Ticking())
    for number in range(500):
        throttle.wrong(f"10.0.{number % 250}.{number}")

    assert throttle.wait_seconds("192.0.2.1") == 0
