"""How many people write: counted in Valkey's HyperLogLog, the same number from every replica.

No list of people is kept, in no place: a HyperLogLog cannot be asked who is in it. The chat route says
who wrote; a task of the replica brings that to Valkey, so that nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

# label: (seconds of one key, keys that make up the window)
WINDOWS: Mapping[str, tuple[int, int]] = {"5m": (60, 5), "1h": (300, 12), "24h": (3600, 24)}
_PREFIX = "active_users"
# an outage of Valkey must not fill our memory
_MOST = 10_000


class ActiveUsers:
    """Who wrote since the last `flush`, and how many did in each window."""

    def __init__(self, cache: Redis) -> None:
        self._cache = cache
        self._seen: set[str] = set()

    def seen(self, application: str, person: str) -> None:
        """Notes that somebody wrote."""
        if len(self._seen) < _MOST:
            self._seen.add(f"{application}\x00{person}")

    async def flush(self, now: datetime | None = None) -> None:
        """Brings the notes to Valkey; raises RedisError or OSError and keeps them where that fails."""
        moment = now or datetime.now(UTC)
        if not self._seen:
            return
        seen = list(self._seen)
        pipeline = self._cache.pipeline(transaction=False)
        for label, (seconds, keys) in WINDOWS.items():
            key = _key(label, seconds, moment)
            pipeline.pfadd(key, *seen)
            pipeline.expire(key, seconds * (keys + 1))
        await pipeline.execute()
        self._seen.difference_update(seen)

    async def count(self, now: datetime | None = None) -> dict[str, int]:
        """Returns {window: people}; raises RedisError or OSError."""
        moment = now or datetime.now(UTC)
        pipeline = self._cache.pipeline(transaction=False)
        for label, (seconds, keys) in WINDOWS.items():
            ago = (timedelta(seconds=seconds * number) for number in range(keys))
            pipeline.pfcount(*(_key(label, seconds, moment - back) for back in ago))
        counts = await pipeline.execute()
        return dict(zip(WINDOWS, map(int, counts), strict=True))


def _key(label: str, seconds: int, moment: datetime) -> str:
    return f"{_PREFIX}:{label}:{int(moment.timestamp()) // seconds}"
