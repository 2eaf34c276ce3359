"""What Valkey holds of a person: how many messages came within the rate limit's window, for minutes.

The keys carry a digest of the person, so they are found by whose digest it is. The count of active
users is a sketch that nobody can be read from or taken out of; it is gone within 25 hours.
"""

from __future__ import annotations

from collections.abc import Iterable

from redis.asyncio import Redis

from api.authentication import parse_tokens
from api.ratelimit import identifier
from api.settings import Settings

_AT_ONCE = 1000


def known_applications(settings: Settings) -> set[str]:
    """Returns who may call us at all; raises SettingsError or OSError."""
    file = settings.api_tokens_file
    text = settings.api_tokens.reveal() if file is None else file.read_text(encoding="utf-8")
    return {entry.application.name for entry in parse_tokens(text)}


async def forget(cache: Redis, person: str, applications: Iterable[str]) -> int:
    """Deletes the person's keys; returns how many. Raises RedisError or OSError."""
    digests = [identifier(application, person).encode() for application in applications]
    found = [
        key
        async for key in cache.scan_iter(match="LIMITS*", count=_AT_ONCE)
        if any(digest in key for digest in digests)
    ]
    return int(await cache.delete(*found)) if found else 0
