"""The day's token budget over a real Valkey: shared by replicas, kept through an outage of the cache."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from api.cache import make_cache
from api.replies.budget import KEY_PREFIX, TokenBudget
from servers import eventually

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
KEY = KEY_PREFIX + "2026-03-01"


@pytest.fixture
async def cache(valkey: Any) -> AsyncIterator[Redis]:
    """A client that waits for a busy machine; the service's own gives up after a tenth of a second."""
    client = Redis.from_url(valkey.url, socket_timeout=20, retry=Retry(NoBackoff(), 0))
    await client.delete(KEY)
    yield client
    await client.aclose()


def budget(cache: Redis, limit: int = 1000) -> TokenBudget:
    return TokenBudget(limit, cache, lambda: NOON)


async def test_replicas_share_one_budget(cache: Redis) -> None:
    one, other = budget(cache), budget(cache)
    assert await one.reserve(700)
    assert not await other.reserve(700)
    assert other.remaining() == 300
    await one.settle(700, 100)
    assert await other.reserve(700)
    assert int(await cache.get(KEY)) == 800
    assert 24 * 3600 < await cache.ttl(KEY) <= 2 * 24 * 3600


async def test_many_messages_at_once_cannot_overshoot(cache: Redis) -> None:
    replicas = [budget(cache) for _ in range(4)]
    granted = await asyncio.gather(*(replicas[n % 4].reserve(100) for n in range(40)))
    assert sum(granted) == 10
    assert int(await cache.get(KEY)) == 1000


async def test_what_was_used_while_the_cache_was_away_is_added_later(cache: Redis, valkey: Any) -> None:
    replica = budget(cache)
    assert await replica.reserve(200)
    valkey.stop()
    try:
        assert await replica.reserve(300)
        assert not await replica.reserve(600)
        assert replica.remaining() == 500
    finally:
        valkey.start()
    await eventually(lambda: answers(cache), "the cache answers")
    assert await replica.reserve(100)
    assert int(await cache.get(KEY)) == 600


async def test_a_cache_that_hangs_does_not_hold_a_message_up(cache: Redis, valkey: Any) -> None:
    own = make_cache(valkey.url)
    replica = budget(own)
    assert await replica.reserve(200)
    valkey.freeze()
    try:
        began = time.monotonic()
        assert await replica.reserve(300)
        assert time.monotonic() - began < 5.0
    finally:
        valkey.thaw()

    async def added_up() -> bool:
        # at least: what was sent to the frozen server may count twice; a budget errs on the low side
        await replica.reserve(0)
        return int(await cache.get(KEY)) >= 500

    await eventually(added_up, "what was used is counted")
    await own.aclose()


async def answers(cache: Redis) -> bool:
    try:
        return bool(await cache.ping())
    except (RedisError, OSError):
        return False
