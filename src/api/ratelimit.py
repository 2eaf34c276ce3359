"""How many messages a person may send. Used by `chat`, never for a message in danger.

Fails open: a cache that is away or hangs costs at most `DEADLINE_S` once a second, and lets pass.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Callable

import limits
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis

from api.logs import Log
from api.settings import SettingsError

DEADLINE_S = 0.1
PAUSE_S = 1.0


def identifier(application: str, person: str) -> str:
    """Returns what names a person in the cache's keys; an erasure finds the keys by it."""
    return hashlib.sha256(f"{application}\x00{person}".encode()).hexdigest()[:32]


class _Storage(RedisStorage):
    """The library's storage, which else loads every client it knows: a tenth of a second at start."""

    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}  # noqa: RUF012  # as the library declares it


class RateLimit:
    """A limit per application and person, counted in the cache."""

    def __init__(
        self, rule: str, url: str, cache: Redis, log: Log, clock: Callable[[], float] = time.monotonic
    ) -> None:
        try:
            self._rule = limits.parse(rule)
        except ValueError:
            raise SettingsError("RATE_LIMIT is nothing like 30/minute") from None
        storage = _Storage(
            f"async+{url}",
            implementation="redispy",
            connection_pool=cache.connection_pool,  # type: ignore[arg-type]  # documented, typed too narrowly
        )
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._log = log
        self._clock = clock
        self._paused_until = 0.0

    async def excess(self, application: str, person: str) -> int | None:
        """Counts one message. Returns None if it may pass, else the seconds to wait."""
        if self._clock() < self._paused_until:
            return None
        digest = identifier(application, person)
        try:
            async with asyncio.timeout(DEADLINE_S):
                if await self._limiter.hit(self._rule, digest):
                    return None
                stats = await self._limiter.get_window_stats(self._rule, digest)
        except Exception as error:
            # whatever ails the cache, a person must not wait for it
            self._paused_until = self._clock() + PAUSE_S
            self._log.warning("rate limit not applied", action="ratelimit.open", error=error)
            return None
        return max(1, math.ceil(stats.reset_time - time.time()))
