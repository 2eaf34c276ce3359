"""The connection to Valkey (or Redis), with limits that suit a cache: quick, and never retried.

Made by `wiring`; used by the rate limit, the probes and the reply side. Whoever uses it must be
able to do without.
"""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECT_TIMEOUT_S = 0.1
ANSWER_TIMEOUT_S = 0.1


def make_cache(url: str) -> Redis:
    """Returns a client that connects at its first command."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=64,
        client_name="xiongichat-api",
    )
