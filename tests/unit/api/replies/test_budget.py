"""The day's token budget of one replica, without a cache."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from api.replies.budget import TokenBudget


class Now:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)  # 23:00 in Taipei

    def __call__(self) -> datetime:
        return self.time


async def test_tokens_run_out_and_the_rest_is_refused() -> None:
    budget = TokenBudget(1000, None, Now())
    assert await budget.reserve(600)
    assert not await budget.reserve(600)
    assert budget.remaining() == 400
    assert await budget.reserve(400)
    assert budget.remaining() == 0
    assert not await budget.reserve(1)


async def test_a_reservation_is_settled_to_what_was_used() -> None:
    budget = TokenBudget(1000, None, Now())
    assert await budget.reserve(900)
    await budget.settle(900, 120)
    assert budget.remaining() == 880
    assert await budget.reserve(100)
    await budget.settle(100, 300)
    assert budget.remaining() == 580


async def test_the_budget_is_whole_again_at_midnight_in_taipei() -> None:
    now = Now()
    budget = TokenBudget(1000, None, now)
    assert await budget.reserve(1000)
    now.time += timedelta(minutes=59)
    assert not await budget.reserve(1)
    now.time += timedelta(minutes=1)
    assert budget.remaining() == 1000
    assert await budget.reserve(1000)


async def test_a_limit_of_zero_is_no_limit() -> None:
    budget = TokenBudget(0, None, Now())
    assert await budget.reserve(10**9)
    assert budget.remaining() == math.inf
