"""One readiness question to a process: plain asyncio streams, so that the daemon loads no HTTP library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from xiong.platforms.local.supervision import listeners
from xiong.platforms.local.supervision.proc import Identity
from xiong.platforms.local.supervision.spec import Probe

_ANSWER_LIMIT: Final = 256 * 1024


async def ask(probe: Probe, seconds: float, ours: Identity | None = None) -> str | None:
    """Asks once.

    Args:
        probe: what to ask.
        seconds: the deadline.
        ours: the process that should be the one to answer; a port tells nothing about who it is.

    Returns:
        None when the process is ready, else what was seen.
    """
    if probe.kind == "none":
        return None
    try:
        async with asyncio.timeout(seconds):
            if probe.kind == "http":
                return await _http(probe)
            await _tcp(probe.host, probe.port)
            other = listeners.stranger(probe.port, ours) if ours else None
            return f"port {probe.port} is taken by another process (pid {other})" if other else None
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except (OSError, ValueError, EOFError) as error:
        return str(error) or type(error).__name__


async def _tcp(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    await _close(writer)


async def _http(probe: Probe) -> str | None:
    parts = urlsplit(probe.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        # HTTP/1.0, so that the answer is neither chunked nor kept open.
        writer.write(f"GET {target} HTTP/1.0\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        answer = await _read_all(reader)
    finally:
        await _close(writer)
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if len(words) < 2 or not words[1].isdigit():
        return "the answer is not HTTP"
    if int(words[1]) != probe.status:
        return f"answers {int(words[1])}, expected {probe.status}"
    return mismatch(body, probe.json_equals)


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    while len(answer) < _ANSWER_LIMIT:
        piece = await reader.read(65536)
        if not piece:
            break
        answer += piece
    return answer


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def mismatch(body: bytes, expected: Mapping[str, Any]) -> str | None:
    """The first field of a JSON body that is not as expected, in words."""
    if not expected:
        return None
    try:
        document = json.loads(body)
    except ValueError:
        return "the answer is not JSON"
    if not isinstance(document, dict):
        return "the answer is not a JSON object"
    for key, value in expected.items():
        if document.get(key) != value:
            return f"{key} is {document.get(key)!r}, expected {value!r}"
    return None
