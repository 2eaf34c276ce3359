"""Free ports, and waiting until a server answers on one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Final

from xiong.tools.clock import SystemClock, wait_for

_EVERY_S: Final = 0.005


def free_port() -> int:
    """A TCP port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int, seconds: float = 30.0) -> float:
    """Waits until somebody accepts connections; returns the moment, by `time.monotonic`."""

    async def connected() -> float | None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return time.monotonic()
        return None

    return await wait_for(
        connected, what=f"port {port} listening", seconds=seconds, clock=SystemClock(), every=_EVERY_S
    )


async def serving(port: int, path: str, seconds: float = 60.0) -> float:
    """Waits until a GET is answered by 200; returns the moment, by `time.monotonic`.

    Args:
        port: of 127.0.0.1.
        path: what is asked for.
        seconds: the deadline.
    """

    async def answered() -> float | None:
        try:
            async with asyncio.timeout(2):
                answer = await _get(port, path)
        except (OSError, TimeoutError):
            return None
        return time.monotonic() if answer.split(b" ", 2)[1:2] == [b"200"] else None

    what = f"http://127.0.0.1:{port}{path} answering 200"
    return await wait_for(answered, what=what, seconds=seconds, clock=SystemClock(), every=_EVERY_S)


async def _get(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return await reader.read(65536)
    finally:
        writer.close()
