"""One HTTP/1.1 connection of the load generator: writes a request, tells how its answer came or failed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from typing import cast

import httptools

from bench.load_result import CUT, RESET

_LINGER_OFF = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """One connection; at most one request is under way on it."""

    def __init__(self) -> None:
        self.open = False
        self.asked_at = 0.0
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[int | str] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._seen = False
        self._framed = False
        self._headed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.open = True

    async def ask(self, request: bytes) -> int | str:
        """Writes a request; returns the status of its answer, or the kind of failure."""
        assert self._transport is not None
        self._seen = self._framed = self._headed = False
        self._waiter = asyncio.get_running_loop().create_future()
        self.asked_at = time.monotonic()
        self._transport.write(request)
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def give_up(self, kind: str) -> None:
        """Ends what is under way as a failure."""
        self._settle(kind)
        self.close()

    def close(self) -> None:
        """Closes at once and without TIME_WAIT: thousands a second would use up this machine's ports."""
        self.open = False
        if self._transport is None:
            return
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._seen = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.give_up(CUT)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self._headed and not self._framed and exc is None:
            self._settle(self._parser.get_status_code())  # a body without a length ends with the connection
        else:
            self._settle(CUT if self._seen else RESET)

    def _settle(self, outcome: int | str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(outcome)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._framed = True

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        if not self._parser.should_keep_alive():
            self.open = False
        self._settle(status)
