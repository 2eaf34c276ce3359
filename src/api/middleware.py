"""The two pure ASGI layers around every request. Installed by `main`, in this order:

`Gateway` gives the request its id, times and counts it, asks clients to leave a draining replica,
and turns whatever escaped into a JSON answer. `Intake` refuses bodies nobody should have to parse.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import accept_request_id, request_id
from api.drain import Drain
from api.errors import ApiError, error_body
from api.logs import Log
from api.metrics import UNMATCHED, Metrics

CHAT_PATH = "/api/v1/chat"
QUIET_PATHS = frozenset(("/metrics", "/api/v1/healthz", "/api/v1/ready", "/api/v1/started"))
BODY_LIMIT_BYTES = 64 * 1024
BODY_DEADLINE_S = 15.0
_BODY_METHODS = frozenset(("POST", "PUT", "PATCH"))


class Gateway:
    """Outermost layer of our own."""

    def __init__(self, app: ASGIApp, metrics: Metrics, drain: Drain, log: Log) -> None:
        self._app = app
        self._metrics = metrics
        self._drain = drain
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        identity = accept_request_id(_header(scope, b"x-request-id"))
        token = request_id.set(identity)
        answer = _Answer(send, began, identity, self._drain)
        counted = scope["path"] not in QUIET_PATHS
        if counted:
            self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            await self._fail(error, scope, receive, answer)
        finally:
            if counted:
                self._metrics.in_flight.dec()
                path = _template(scope)
                self._metrics.answered(scope["method"], path, answer.status, time.perf_counter() - began)
            request_id.reset(token)

    async def _fail(self, error: Exception, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """Answers for a handler that raised; a person in a chat gets the hotlines."""
        self._log.error("a request failed", action="request.failed", error=error, path=_template(scope))
        if answer.started:
            raise error
        if scope["path"] == CHAT_PATH:
            body = error_body("unavailable", "The service cannot answer now.", hotlines=True)
            response = JSONResponse(body, 503, {"Retry-After": "1"})
        else:
            response = JSONResponse(error_body("internal", "Something went wrong on our side."), 500)
        await response(scope, receive, answer.send)


class _Answer:
    """The sending side of one request: adds our headers and remembers the status."""

    __slots__ = ("_began", "_drain", "_identity", "_send", "started", "status")

    def __init__(self, send: Send, began: float, identity: str, drain: Drain) -> None:
        self._send = send
        self._began = began
        self._identity = identity
        self._drain = drain
        self.started = False
        self.status = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            milliseconds = (time.perf_counter() - self._began) * 1000
            headers = list(message.get("headers", ()))
            headers.append((b"x-request-id", self._identity.encode("latin-1")))
            headers.append((b"x-response-time", b"%.2fms" % milliseconds))
            if self._drain.on:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)


class Intake:
    """Refuses a body that is too large, too slow or no JSON, before anything parses it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _BODY_METHODS:
            await self._app(scope, receive, send)
            return
        refusal = _refusal(scope)
        if refusal is not None:
            body = error_body(refusal.code, refusal.detail)
            await JSONResponse(body, refusal.status_code, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)


def _refusal(scope: Scope) -> ApiError | None:
    length = _header(scope, b"content-length")
    if length is not None and length.isdigit() and int(length[:12]) > BODY_LIMIT_BYTES:
        return ApiError(413)
    if scope["path"] == CHAT_PATH and not _is_json(_header(scope, b"content-type")):
        return ApiError(415)
    return None


def _is_json(content_type: bytes | None) -> bool:
    kind = (content_type or b"").split(b";", 1)[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def _limited(receive: Receive) -> Receive:
    """Returns a `receive` that counts and waits no longer than the deadline for the whole body."""
    seen = 0
    complete = False
    deadline = asyncio.get_running_loop().time() + BODY_DEADLINE_S

    async def limited() -> MutableMapping[str, Any]:
        nonlocal seen, complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise ApiError(408, headers={"Connection": "close"}) from None
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if seen > BODY_LIMIT_BYTES:
                raise ApiError(413, headers={"Connection": "close"})
        return message

    return limited


def _header(scope: Scope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def _template(scope: Scope) -> str:
    """Returns the template of the matched route, so that ids in paths make no new series."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) and path else UNMATCHED
