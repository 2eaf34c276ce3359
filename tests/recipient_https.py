"""The process of the HTTPS server; started and told what to do by `recipients.Hookbox`.

It writes HTTP by hand: only so can it stall, cut off and never end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import uuid
from http import HTTPStatus
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from recipient_side import Orders, forever, pause, run

Answer = tuple[int, bytes]
_AFTER_READING = ("status", "cut", "stall", "slow", "endless", "stall_body")


class Receiver:
    """Judges requests as the real services do, unless the test said otherwise."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        # LINE remembers retry keys for a day: a restart does not make it forget
        requests = orders.notes("request")
        self._keys = {r["headers"].get("x-line-retry-key") for r in requests if r["accepted"]} - {None}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self._orders.note("connected")
            going_on = self._orders.take("hang_up") is None
            while going_on:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                headers = {name.lower(): value for name, value in headers.items()}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                going_on = await self._answer(writer, head.split()[1], headers, body)
        writer.transport.abort()

    async def _answer(
        self, writer: asyncio.StreamWriter, path: str, headers: dict[str, str], body: bytes
    ) -> bool:
        behaviour = self._orders.take(*_AFTER_READING) or {"kind": "accept"}
        kind = behaviour["kind"]
        status, answer = self._judge(path, headers, body)
        if kind == "status":
            status, answer = behaviour["status"], behaviour.get("body", "").encode()
        self._orders.note(
            "request",
            path=path,
            headers=headers,
            body=_parsed(body),
            accepted=200 <= status < 300,
            status=status,
        )
        if kind == "slow":
            await pause(behaviour["seconds"])
        if kind == "stall":
            await forever()
        if kind == "cut":
            return False
        length = "" if kind in ("endless", "stall_body") else f"content-length: {len(answer)}\r\n"
        extra = "".join(f"{name}: {value}\r\n" for name, value in behaviour.get("headers", {}).items())
        writer.write(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{length}{extra}\r\n".encode())
        await self._write_body(writer, kind, answer)
        return True

    async def _write_body(self, writer: asyncio.StreamWriter, kind: str, answer: bytes) -> None:
        if kind == "stall_body":
            await writer.drain()
            await forever()
        while kind == "endless":
            writer.write(b"x" * 4096)
            await writer.drain()
        writer.write(answer)
        await writer.drain()

    def _judge(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if path.startswith("/hook"):
            return self._webhook(headers, body)
        if path.startswith("/services/"):
            return _slack(body)
        if path.startswith("/v2/bot/message/push"):
            return self._line(headers, body)
        return 200, b"ok"

    def _webhook(self, headers: dict[str, str], body: bytes) -> Answer:
        try:
            Webhook(self._orders.secret).verify(body, headers)
        except WebhookVerificationError:
            return 401, b"signature does not fit"
        return 204, b""

    def _line(self, headers: dict[str, str], body: bytes) -> Answer:
        if headers.get("authorization") != f"Bearer {self._orders.secret}":
            return 401, b'{"message":"Authentication failed."}'
        key = headers.get("x-line-retry-key", "")
        try:
            uuid.UUID(key)
            message = json.loads(body)
            texts = [m["text"] for m in message["messages"] if m["type"] == "text"]
        except (ValueError, KeyError, TypeError):
            return 400, b'{"message":"The request body is invalid"}'
        if not message["to"] or not 1 <= len(texts) <= 5 or max(map(len, texts)) > 5000:
            return 400, b'{"message":"The request body is invalid"}'
        if key in self._keys:
            return 409, b'{"message":"The retry key is already accepted"}'
        self._keys.add(key)
        return 200, json.dumps({"sentMessages": [{"id": "1", "quoteToken": "q"}]}).encode()


def _slack(body: bytes) -> Answer:
    message = _parsed(body)
    if not isinstance(message, dict) or not message.get("text"):
        return 400, b"no_text"
    for block in message.get("blocks", []):
        text = block.get("text", {}).get("text", "")
        if len(text) > {"header": 150, "section": 3000}.get(block["type"], 3000):
            return 400, b"invalid_blocks"
    return 200, b"ok"


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


async def listen(orders: Orders, port: int, security: str, context: ssl.SSLContext) -> None:
    """Listens with TLS, always."""
    receiver = Receiver(orders)
    await asyncio.start_server(receiver.serve, "127.0.0.1", port, ssl=context, backlog=500)


if __name__ == "__main__":
    run(listen)
