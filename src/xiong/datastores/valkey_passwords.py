"""The passwords that Valkey (or Redis) takes; it takes several at once, so a change needs no gap.

Called by `operations/secrets`. Connections that are open stay open.
"""

from __future__ import annotations

from collections.abc import Sequence

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from xiong.config.secrets import Secret
from xiong.errors import PlatformError

_SECONDS = 5.0


def passwords_command(passwords: Sequence[Secret]) -> list[str]:
    """From now on exactly these are taken; one command, so there is no moment without a password."""
    return ["ACL", "SETUSER", "default", "resetpass", *(f">{secret.reveal()}" for secret in passwords)]


async def take_only(url: Secret, passwords: Sequence[Secret]) -> None:
    """Makes the running server take these passwords and no other; safe to repeat.

    Args:
        url: of the server, with a password that it takes now.
        passwords: at least one.

    Raises:
        PlatformError: it does not answer, or refuses.
    """
    client = Redis.from_url(
        url.reveal(),
        socket_connect_timeout=_SECONDS,
        socket_timeout=_SECONDS,
        retry=Retry(NoBackoff(), 0),
        client_name="xiong-secrets",
    )
    try:
        await client.execute_command(*passwords_command(passwords))  # type: ignore[no-untyped-call]
    except (RedisError, OSError) as error:
        raise PlatformError(
            f"the cache does not change its passwords ({type(error).__name__})", hint="xiong health cache"
        ) from error
    finally:
        await client.aclose()
