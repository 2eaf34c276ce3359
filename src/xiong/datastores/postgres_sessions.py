"""Sessions that hold a transaction open and do nothing, as a leak leaves them. For a drill."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import asyncpg

from xiong.config.secrets import Secret
from xiong.errors import PlatformError

_OPEN_SECONDS = 10.0
_IDLE = "SET idle_in_transaction_session_timeout = 0; BEGIN; SELECT 1"  # only somebody else may end it


def as_role(url: Secret, role: str, password: Secret) -> Secret:
    """The same server and database as another of our roles."""
    there = urlsplit(url.reveal())
    host = there.netloc.rpartition("@")[2]
    return Secret(
        there._replace(netloc=f"xiongichat_{role}:{quote(password.reveal(), safe='')}@{host}").geturl()
    )


@asynccontextmanager
async def idle_sessions(url: Secret, most: int) -> AsyncIterator[int]:
    """Opens sessions until the server takes no more, says how many, and closes them at the end.

    Args:
        url: the server, database and role.
        most: the highest number; reached only where the server's limit is higher.

    Raises:
        PlatformError: the server does not answer.
    """
    held: list[asyncpg.Connection] = []
    try:
        with contextlib.suppress(asyncpg.TooManyConnectionsError):
            while len(held) < most:
                held.append(await _idle(url))
        yield len(held)
    finally:
        for connection in held:
            connection.terminate()


async def _idle(url: Secret) -> asyncpg.Connection:
    try:
        connection = await asyncpg.connect(url.reveal(), timeout=_OPEN_SECONDS)
    except (OSError, TimeoutError) as error:
        raise PlatformError(
            f"no session at the database: {type(error).__name__}", hint="xiong health"
        ) from error
    await connection.execute(_IDLE)
    return connection
