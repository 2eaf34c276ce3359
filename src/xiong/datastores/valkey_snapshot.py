"""The cache's data as an RDB stream, over the replication protocol: what `--rdb` does, which no wheel brings.

Source: valkey.io/topics/replication, and `sendSync` of valkey-cli.c.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from redis.asyncio import Redis

from xiong.errors import PlatformError
from xiong.model.backup import CachePart
from xiong.tools.store_access import StoreAccess

_CHUNK = 1 << 18
_SECONDS = 60.0
_MARK_BYTES = 40


async def facts(access: StoreAccess) -> CachePart:
    """Version and number of keys that do not expire.

    Raises:
        redis.RedisError, OSError: it does not answer.
    """
    client = Redis(host=access.host, port=access.port, password=access.password.reveal(), socket_timeout=10)
    try:
        server = await client.info("server")
        version = server.get("valkey_version") or server.get("redis_version")
        found = (await client.info("keyspace")).get("db0", {})
        return CachePart(str(version), int(found.get("keys", 0)) - int(found.get("expires", 0)))
    finally:
        await client.aclose()


async def snapshot(access: StoreAccess) -> AsyncIterator[bytes]:
    """The whole data as it is now, in the format of dump.rdb.

    Raises:
        PlatformError: the server refuses, or breaks off.
    """
    reader, writer = await asyncio.open_connection(access.host, access.port, limit=_CHUNK)
    try:
        async with asyncio.timeout(_SECONDS):
            await _ask(reader, writer, b"AUTH", access.password.reveal().encode())
            writer.write(_command(b"SYNC"))
            head = await _line(reader)
            while not head:  # blank lines keep the connection alive while the server saves
                head = await _line(reader)
        if not head.startswith(b"$"):
            raise PlatformError(f"the cache gives no snapshot: {head[:80].decode(errors='replace')}")
        stream = _until(reader, head[5:]) if head.startswith(b"$EOF:") else _sized(reader, int(head[1:]))
        async for chunk in stream:
            yield chunk
    except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
        raise PlatformError(f"the cache broke its snapshot off ({type(error).__name__})") from error
    finally:
        writer.close()


async def _sized(reader: asyncio.StreamReader, left: int) -> AsyncIterator[bytes]:
    while left:
        chunk = await asyncio.wait_for(reader.read(min(left, _CHUNK)), _SECONDS)
        if not chunk:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(chunk)
        yield chunk


async def _until(reader: asyncio.StreamReader, mark: bytes) -> AsyncIterator[bytes]:
    """Up to the 40 random bytes that the server named."""
    held = b""
    while not held.endswith(mark):
        chunk = await asyncio.wait_for(reader.read(_CHUNK), _SECONDS)
        if not chunk:
            raise asyncio.IncompleteReadError(held, None)
        held += chunk
        if len(held) > _MARK_BYTES and not held.endswith(mark):
            yield held[:-_MARK_BYTES]
            held = held[-_MARK_BYTES:]
    if rest := held[:-_MARK_BYTES]:
        yield rest


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *words: bytes) -> None:
    writer.write(_command(*words))
    said = await _line(reader)
    if not said.startswith(b"+"):
        raise PlatformError(f"the cache refuses {words[0].decode()}: {said[:80].decode(errors='replace')}")


async def _line(reader: asyncio.StreamReader) -> bytes:
    return (await reader.readuntil(b"\n")).strip()


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
