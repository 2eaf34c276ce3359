"""Which failures are retried, when, and how many of them over all messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.replies.failure import ModelError
from api.replies.metrics import Outcome
from api.replies.retries import RetryBudget, RetryPolicy, retry_after


def failure(*, retryable: bool = True, wait: float | None = None) -> ModelError:
    return ModelError(Outcome.SERVER_ERROR, "status 500", retryable=retryable, retry_after=wait)


def policy(budget: RetryBudget | None = None, attempts: int = 3) -> RetryPolicy:
    return RetryPolicy(budget or RetryBudget(start=10.0), attempts, 20.0, lambda: 0.0)


def test_an_outage_gets_about_a_tenth_more_requests() -> None:
    budget = RetryBudget()
    retried = 0
    for _ in range(1000):
        budget.requested()
        retried += policy(budget)(failure()) is True
    assert 95 <= retried <= 110


def test_a_quiet_time_saves_up_only_so_much() -> None:
    budget = RetryBudget(most=3.0)
    for _ in range(1000):
        budget.requested()
    assert [budget.take() for _ in range(5)] == [True, True, True, False, False]


def test_a_message_is_sent_at_most_as_often_as_allowed() -> None:
    once = policy(attempts=3)
    assert [once(failure()) for _ in range(3)] == [True, True, False]


def test_the_last_attempt_takes_nothing_from_the_budget() -> None:
    budget = RetryBudget(start=1.0)
    assert policy(budget, attempts=1)(failure()) is False
    assert budget.take()


def test_what_cannot_do_better_is_not_retried() -> None:
    assert policy()(failure(retryable=False)) is False
    assert policy()(ValueError("no failure of the model")) is False


def test_the_server_says_how_long_to_wait() -> None:
    assert policy()(failure(wait=1.5)) == 1.5


def test_a_wait_past_the_deadline_gives_up_at_once() -> None:
    budget = RetryBudget(start=1.0)
    assert policy(budget)(failure(wait=20.0)) is False
    assert budget.take()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("Sun, 01 Mar 2026 00:00:07 GMT", 7.0),
        ("Sat, 28 Feb 2026 23:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert retry_after({"retry-after": header}, now) == seconds


def test_a_missing_retry_after_says_nothing() -> None:
    assert retry_after({}) is None
