"""The day's token budget, shared by all replicas through the cache. Used by the model responder.

Tokens are reserved before a request and settled after it, so that many requests at once cannot overshoot.
Without the cache each replica counts for itself and adds up what it owes when the cache is back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

TAIPEI = ZoneInfo("Asia/Taipei")
KEY_PREFIX = "xiongichat:model_tokens:"
# Two days: a key outlives its day wherever a clock is a little off, and is gone soon after.
_TTL_S = 2 * 24 * 3600

_log = structlog.get_logger(__name__)


def taipei_now() -> datetime:
    """The time that decides which day it is."""
    return datetime.now(TAIPEI)


class TokenBudget:
    """At most `limit` tokens a day; a limit of 0 or less means that there is none."""

    def __init__(self, limit: int, cache: Redis | None, now: Callable[[], datetime] = taipei_now) -> None:
        self._limit = limit
        self._cache = cache
        self._now = now
        self._day = ""
        self._used = 0
        self._owed = 0

    async def reserve(self, tokens: int) -> bool:
        """Takes tokens out of the budget, or leaves it alone and says False."""
        if await self._add(tokens) <= self._limit or self._limit <= 0:
            return True
        await self._add(-tokens)
        return False

    async def settle(self, reserved: int, used: int) -> None:
        """Corrects a reservation to what was used."""
        if used != reserved:
            await self._add(used - reserved)

    def remaining(self) -> float:
        """What is left today, as far as this replica knows."""
        if self._limit <= 0:
            return math.inf
        self._turn_day()
        return max(0, self._limit - self._used)

    async def _add(self, tokens: int) -> int:
        """Adds to the day's count and returns it."""
        self._turn_day()
        day, owed, self._owed = self._day, self._owed, 0
        shared = await self._add_shared(day, tokens + owed)
        if day != self._day:  # midnight passed meanwhile; yesterday's count is nobody's concern any more
            return self._used
        if shared is None:
            self._owed += owed + tokens
            self._used += tokens
        else:
            self._used = shared
        return self._used

    async def _add_shared(self, day: str, tokens: int) -> int | None:
        if self._cache is None:
            return None
        try:
            async with self._cache.pipeline(transaction=True) as pipeline:
                pipeline.incrby(KEY_PREFIX + day, tokens)
                pipeline.expire(KEY_PREFIX + day, _TTL_S)
                total, _ = await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("model tokens were counted here only", action="model.budget_uncounted", error=error)
            return None
        return int(total)

    def _turn_day(self) -> None:
        today = self._now().astimezone(TAIPEI).date().isoformat()
        if today != self._day:
            self._day, self._used, self._owed = today, 0, 0
