"""Ports: free ones on the loopback, and whether somebody listens on one."""

from __future__ import annotations

import asyncio
import socket


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listens(host: str, port: int, timeout_seconds: float) -> bool:
    """Whether a connection is taken there in time."""
    try:
        async with asyncio.timeout(timeout_seconds):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
