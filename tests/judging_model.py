"""A language model for tests of the second opinion: a server on a real socket that says what it is told.

For tests in which a replica asks it; what a hostile endpoint can do besides is tested in `replies`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class JudgingModel:
    """Does what the test says, and keeps what it was asked."""

    port: int = 0
    asked: list[list[dict[str, str]]] = field(default_factory=list)
    answer: Answering | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, text: str, status: int = 200, finish: str = "stop") -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        body = json.dumps({"choices": [choice]}).encode()

        async def answer(writer: asyncio.StreamWriter) -> None:
            head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            writer.write(head.encode() + body)

        self.answer = answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def judges(self, level: str, *categories: str) -> None:
        self.says(json.dumps({"level": level, "categories": categories}))

    async def silence(self, writer: asyncio.StreamWriter) -> None:
        await self.ended.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            self.asked.append(json.loads(await reader.readexactly(length))["messages"])
            assert self.answer is not None
            await self.answer(writer)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def judging_model() -> AsyncIterator[JudgingModel]:
    """Runs the server while the block runs."""
    made = JudgingModel()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.ended.set()
        server.close()
        await server.wait_closed()
