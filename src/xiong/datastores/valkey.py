"""What Valkey (or Redis) says of itself, and whether a key of our own can be written and read.

Used by the check `cache`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    OutOfMemoryError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import TimeoutError as NoAnswerError

from xiong.config.secrets import Secret
from xiong.datastores.away import Away

_KEY = "xiong:health"
_KEY_SECONDS = 30


@dataclass(frozen=True)
class CacheFacts:
    """What was seen.

    Attributes:
        seconds: how long the first answer took.
        write_fault: why our own key could not be written and read again, or empty.
        out_of_memory: whether that was because the memory limit is reached.
        used_bytes: memory in use.
        limit_bytes: the limit; 0 where there is none.
        append_only: whether writes are kept on disk.
        last_write_ok: whether the last write to disk went well.
    """

    seconds: float
    write_fault: str
    out_of_memory: bool
    used_bytes: int
    limit_bytes: int
    append_only: bool
    last_write_ok: bool


async def ask(url: Secret, *, timeout_seconds: float) -> CacheFacts | Away:
    """Connects, asks, and closes; the deadline is for all of it."""
    client = Redis.from_url(
        url.reveal(),
        socket_connect_timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        client_name="xiong-health",
        decode_responses=True,
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _facts(client)
    except BusyLoadingError:
        return Away("not-ready", "it still loads what it holds")
    except AuthenticationError:
        return Away("failed", "it refuses our password")
    except (TimeoutError, NoAnswerError):
        return Away("hung", f"no answer within {timeout_seconds:g} s")
    except (NoConnectionError, OSError) as error:
        return Away("down", f"no connection ({type(error).__name__})")
    except RedisError as error:
        return Away("failed", f"it refuses us ({type(error).__name__})")
    finally:
        await client.aclose()


async def _facts(client: Redis) -> CacheFacts:
    begun = time.monotonic()
    await client.ping()
    seconds = time.monotonic() - begun
    fault, full = await _write_and_read(client)
    memory, persistence = await client.info("memory"), await client.info("persistence")
    return CacheFacts(
        seconds=seconds,
        write_fault=fault,
        out_of_memory=full,
        used_bytes=int(memory["used_memory"]),
        limit_bytes=int(memory["maxmemory"]),
        append_only=bool(persistence["aof_enabled"]),
        last_write_ok=persistence.get("aof_last_write_status", "ok") == "ok",
    )


async def _write_and_read(client: Redis) -> tuple[str, bool]:
    """(what went wrong, or empty; whether memory is the reason); the key is ours alone and ends by itself."""
    value = secrets.token_hex(8)
    key = f"{_KEY}:{value}"
    try:
        await client.set(key, value, ex=_KEY_SECONDS)
        read = await client.getdel(key)
    except OutOfMemoryError:
        return "a write is refused: the memory limit is reached", True
    except ResponseError as error:
        return f"a write is refused ({' '.join(str(error).split()[:6])} …)", False
    return ("" if read == value else "what was written is not read again"), False
