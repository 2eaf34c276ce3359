"""The pager's two addresses, for Prometheus and for whoever keeps it alive: /metrics and /healthz."""

from __future__ import annotations

import asyncio
import contextlib

import orjson

from api.pager.metrics import PagerMetrics

_DEADLINE_S = 5.0
_LONGEST = 16_384


class Web:
    """A server of two pages; each connection gets one answer."""

    def __init__(self, metrics: PagerMetrics, release: str) -> None:
        self._metrics = metrics
        self._health = orjson.dumps({"status": "ok", "release": release})
        self._server: asyncio.Server | None = None

    async def begin(self, port: int, bind: str = "127.0.0.1") -> int:
        """Listens; returns the port, which was chosen freely where it was 0."""
        self._server = await asyncio.start_server(self._answer, bind, port, limit=_LONGEST)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listens no more."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(_DEADLINE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._respond(head))
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _respond(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _message(405, "Method Not Allowed", "text/plain", b"")
        if path == b"/healthz":
            return _message(200, "OK", "application/json", self._health)
        if path == b"/metrics":
            return _message(200, "OK", "text/plain; version=0.0.4; charset=utf-8", self._metrics.text())
        return _message(404, "Not Found", "text/plain", b"")


def _message(status: int, word: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} {word}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body
