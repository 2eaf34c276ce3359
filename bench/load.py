"""A load generator that counts every request which was not answered properly, and why.

Used by the benchmarks and by tests that must prove that a roll loses nothing:

    result = await load(url, token, seconds=30, connections=16, keep_alive=True, stop=event)
    assert result.failed == 0, result.kinds

A connection that is closed while nothing was asked on it is opened again and is no failure. A request
that was written is never sent a second time: what happens to it is what a person would see.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from bench.connection import Connection
from bench.load_result import ERROR, REFUSED, REJECTED, TIMEOUT, Failure, LoadResult

__all__ = ["Failure", "LoadResult", "drive", "get", "load"]

HEALTH_PATH, CHAT_PATH = "/api/v1/healthz", "/api/v1/chat"
_MESSAGE_KINDS = ("你好", "最近晚上睡不好，怎麼辦？", "想找工作，有誰可以幫忙？")
_PER_PERSON = 10  # far below any rate limit
_AFTER_REFUSAL_S = 0.02
_WATCH_S = 0.25


async def load(
    url: str,
    token: str,
    *,
    seconds: float | None = None,
    requests: int | None = None,
    connections: int = 16,
    keep_alive: bool = True,
    chat_share: float = 0.02,
    stop: asyncio.Event | None = None,
    answer_seconds: float = 30.0,
    tls: ssl.SSLContext | None = None,
    host: str = "",
) -> LoadResult:
    """Asks for health and chats, as many people at once, until `seconds`, `requests` or `stop` end it.

    Args:
        url: of the service, e.g. `http://127.0.0.1:8080`.
        token: bearer token with the scopes `chat` and `synthetic`.
        seconds: at most so long; this or `requests` must be given.
        requests: at most so many.
        connections: how many requests are under way at any time.
        keep_alive: one connection for many requests, or a new one for each.
        chat_share: part of the requests that are chat messages, each with a key of its own.
        stop: ends it early; what is under way is waited for.
        answer_seconds: a request without an answer for so long has failed.
        tls: for an https URL with a certificate of one's own.
        host: the name that is asked for, where a proxy tells services apart by it; empty is the URL's.
    """
    mix = _Mix(host or urlsplit(url).netloc, token, chat_share, keep_alive)
    return await drive(
        url,
        mix.request,
        seconds=seconds,
        requests=requests,
        connections=connections,
        keep_alive=keep_alive,
        stop=stop,
        answer_seconds=answer_seconds,
        tls=tls,
    )


async def drive(
    url: str,
    request: Callable[[int], bytes],
    *,
    seconds: float | None = None,
    requests: int | None = None,
    connections: int = 16,
    keep_alive: bool = True,
    stop: asyncio.Event | None = None,
    answer_seconds: float = 30.0,
    tls: ssl.SSLContext | None = None,
) -> LoadResult:
    """The same with requests of one's own: `request(number)` gives the bytes of the number-th."""
    if seconds is None and requests is None:
        raise ValueError("a load needs an end: give seconds or requests")
    end = None if seconds is None else time.monotonic() + seconds
    run = _Load(url, request, requests, end, keep_alive, stop, answer_seconds, tls)
    return await run.run(connections)


def get(url: str, path: str, *, keep_alive: bool = True) -> bytes:
    """The bytes of a GET request."""
    return _get(urlsplit(url).netloc, path, keep_alive)


def _get(host: str, path: str, keep_alive: bool) -> bytes:
    close = "" if keep_alive else "Connection: close\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{close}\r\n".encode()


class _Mix:
    """Cheap requests with a few chat messages among them."""

    def __init__(self, host: str, token: str, chat_share: float, keep_alive: bool) -> None:
        self._run = secrets.token_hex(4)
        self._share = chat_share
        self._health = _get(host, HEALTH_PATH, keep_alive)
        close = "" if keep_alive else "Connection: close\r\n"
        self._head = (
            f"POST {CHAT_PATH} HTTP/1.1\r\nHost: {host}\r\n{close}"
            f"Authorization: Bearer {token}\r\nX-Synthetic: 1\r\nContent-Type: application/json\r\n"
        )

    def request(self, number: int) -> bytes:
        if int((number + 1) * self._share) == int(number * self._share):
            return self._health
        chats = int(number * self._share)
        body = json.dumps(
            {
                "person": f"load-{self._run}-{chats // _PER_PERSON}",
                "message": _MESSAGE_KINDS[chats % len(_MESSAGE_KINDS)],
            }
        ).encode()
        head = f"{self._head}Idempotency-Key: {self._run}-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


class _Load:
    """The state of one load while it runs."""

    def __init__(
        self,
        url: str,
        request: Callable[[int], bytes],
        requests: int | None,
        end: float | None,
        keep_alive: bool,
        stop: asyncio.Event | None,
        answer_seconds: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._request = request
        self._requests = requests
        self._end = end
        self._keep_alive = keep_alive
        self._stop = stop
        self._answer_seconds = answer_seconds
        self._asking: set[Connection] = set()
        self.result = LoadResult()

    async def run(self, connections: int) -> LoadResult:
        begun = time.monotonic()
        watch = asyncio.create_task(self._watch())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(connections):
                    group.create_task(self._work())
        finally:
            watch.cancel()
        self.result.wall_seconds = time.monotonic() - begun
        return self.result

    async def _watch(self) -> None:
        """One look at all connections instead of a timer for each request."""
        while True:
            await asyncio.sleep(_WATCH_S)
            late = time.monotonic() - self._answer_seconds
            for connection in [c for c in self._asking if c.asked_at < late]:
                connection.give_up(TIMEOUT)

    def _next(self) -> int | None:
        number = self.result.sent
        if self._requests is not None and number >= self._requests:
            return None
        if self._stop is not None and self._stop.is_set():
            return None
        if self._end is not None and time.monotonic() >= self._end:
            return None
        self.result.sent += 1
        return number

    async def _work(self) -> None:
        connection: Connection | None = None
        try:
            while (number := self._next()) is not None:
                if connection is not None and not connection.open:
                    self.result.reopened += 1
                    connection.close()
                    connection = None
                connection = await self._one(self._request(number), connection)
        finally:
            if connection is not None:
                connection.close()

    async def _one(self, request: bytes, connection: Connection | None) -> Connection | None:
        """Sends one request and notes how it went; returns the connection if it can be used again."""
        begun = time.monotonic()
        if connection is None:
            connection = await self._connect()
        if connection is None:
            self._note(REFUSED, request, begun)
            await asyncio.sleep(_AFTER_REFUSAL_S)  # or a closed port would be asked in a tight loop
            return None
        self._asking.add(connection)
        try:
            outcome = await connection.ask(request)
        finally:
            self._asking.discard(connection)
        self._note(outcome, request, begun)
        if self._keep_alive and connection.open:
            return connection
        connection.close()  # we close after each request, the answer said so, or it failed
        return None

    async def _connect(self) -> Connection | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._answer_seconds):
                _, connection = await loop.create_connection(
                    Connection, self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError):
            return None
        return connection

    def _note(self, outcome: int | str, request: bytes, begun: float) -> None:
        seconds = time.monotonic() - begun
        if isinstance(outcome, int):
            if 200 <= outcome < 300:
                self.result.latencies.append(seconds)
                return
            outcome = ERROR if outcome >= 500 else REJECTED
        method = request[: request.index(b" ")].decode()
        self.result.failures.append(Failure(outcome, method, begun, seconds))
