"""A small HTTP server on the loopback, for metrics and hooks: each connection gets one answer.

Used by `xiong watch` and by the exporters of `xiong prove`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import unquote

from xiong.errors import PlatformError

_DEADLINE_S = 10.0
_LONGEST_HEAD = 16_384
_LONGEST_BODY = 4 * 1024 * 1024
METRICS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """What was asked; `path` without the query, decoded."""

    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """What is answered."""

    status: int
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"


Handler = Callable[[Request], Response]


class WebServer:
    """Listens while its context is open."""

    def __init__(self, handler: Handler, port: int = 0, bind: str = "127.0.0.1") -> None:
        """Opens nothing yet; port 0 is any free one."""
        self._bind = bind
        self._handler = handler
        self._wanted = port
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listens.

        Raises:
            PlatformError: the port is taken.
        """
        try:
            self._server = await asyncio.start_server(
                self._answer, self._bind, self._wanted, limit=_LONGEST_HEAD
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise PlatformError(
                f"cannot listen on {self._bind} port {self._wanted}: {reason}", hint="ss -ltnp"
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None, "entered"  # noqa: S101
        return int(self._server.sockets[0].getsockname()[1])

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(_DEADLINE_S):
                writer.write(_message(self._handler(await _request(reader))))
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _LONGEST_BODY:
        raise ValueError("too long")
    return Request(method, unquote(target.partition("?")[0]), await reader.readexactly(length))


def _message(response: Response) -> bytes:
    word = HTTPStatus(response.status).phrase
    head = (
        f"HTTP/1.1 {response.status} {word}\r\n"
        f"Content-Type: {response.kind}\r\n"
        f"Content-Length: {len(response.body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + response.body
