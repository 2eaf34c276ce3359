"""A model endpoint that does what a test tells it, on a real socket; and responders that talk to it.

The endpoint is a plain TCP server that writes HTTP by hand: only so can it stall, cut off and lie.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.knowledge.memory import MemoryKnowledge
from api.replies.build import build_responder
from api.replies.chain import ReplyChain
from api.replies.limits import ModelLimits

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]

# where the endpoint answers: a busy machine must not look like a slow model
PATIENT = ModelLimits(wait_initial_s=0.01, wait_max_s=0.02)
# where it does not answer, and the test waits for just that
QUICK = dataclasses.replace(PATIENT, deadline_s=5.0, first_byte_s=0.5, stall_s=0.2)


def piece(text: str, finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


def event(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


@dataclass
class Endpoint:
    """The server: what it was asked, and what it will do next (the last behaviour stays)."""

    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    script: deque[Behaviour] = field(default_factory=deque)
    forever: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def will(self, *behaviours: Behaviour) -> None:
        self.script = deque(behaviours)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = await reader.readexactly(int(headers["content-length"]))
            self.requests.append({"path": head.split()[1], "headers": headers, **json.loads(body)})
            behaviour = self.script.popleft() if len(self.script) > 1 else self.script[0]
            await behaviour(writer)
            await writer.drain()
        writer.close()

    def piece(self, text: str, finish: str | None = None) -> bytes:
        return piece(text, finish)

    def answers(self, status: int, *, body: bytes = b"{}", **headers: str) -> Behaviour:
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

        async def behave(writer: asyncio.StreamWriter) -> None:
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)

        return behave

    def streams(self, *parts: bytes, stall: bool = False, cut: bool = False) -> Behaviour:
        """Writes parts of an event stream, chunked; then ends it, or goes silent, or drops the connection."""

        async def behave(writer: asyncio.StreamWriter) -> None:
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            )
            for part in parts:
                writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                await writer.drain()
            if stall:
                await self.forever.wait()
            elif not cut:
                writer.write(b"0\r\n\r\n")

        return behave

    def says(self, text: str, usage: tuple[int, int] | None = (100, 20), finish: str = "stop") -> Behaviour:
        middle = len(text) // 2
        parts = [piece(text[:middle]), b": ping\n\n", piece(text[middle:], finish)]
        if usage is not None:
            tokens = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
            parts.append(event({"choices": [], "usage": tokens}))
        return self.streams(*parts, b"data: [DONE]\n\n")

    async def silent(self, writer: asyncio.StreamWriter) -> None:
        await self.forever.wait()

    async def hangs_up(self, writer: asyncio.StreamWriter) -> None:
        """Closes without a word."""


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    server = Endpoint()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await server.serve(reader, writer)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    server.forever.set()
    listener.close()
    if tasks:
        await asyncio.wait(tasks, timeout=5)
    await listener.wait_closed()


class Clock:
    """The circuit breaker's clock; only a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Settings:
    """What the responder reads of the service's settings."""

    openai_base_url: str
    openai_api_key: str | None = "sk-test"
    openai_model: str = "test-model"
    openai_embeddings: bool = False
    model_daily_tokens: int = 0


@dataclass
class Service:
    """A responder with its registry and clock."""

    responder: ReplyChain
    registry: CollectorRegistry
    clock: Clock

    def counted(self, outcome: str) -> float:
        value = self.registry.get_sample_value("model_requests_total", {"outcome": outcome})
        assert value is not None, outcome
        return value

    def last(self, outcome: str) -> float | None:
        """When a message last fared so."""
        return self.registry.get_sample_value("model_last_request_timestamp_seconds", {"outcome": outcome})

    def tokens(self, kind: str) -> float | None:
        return self.registry.get_sample_value("model_tokens_total", {"kind": kind})

    def remaining(self) -> float | None:
        return self.registry.get_sample_value("model_tokens_budget_remaining")


Build = Callable[..., Service]


@pytest.fixture
async def build(endpoint: Endpoint) -> AsyncIterator[Build]:
    """Builds responders against the endpoint and closes them afterwards."""
    built: list[Service] = []

    def make(*, limits: ModelLimits = PATIENT, cache: Any = None, **settings: Any) -> Service:
        registry, clock = CollectorRegistry(), Clock()
        chosen = Settings(**{"openai_base_url": endpoint.url, **settings})
        responder = build_responder(chosen, MemoryKnowledge(), cache, registry, limits, clock)
        built.append(Service(responder, registry, clock))
        return built[-1]

    yield make
    for service in built:
        await service.responder.aclose()


@pytest.fixture
def quick() -> ModelLimits:
    return QUICK


@pytest.fixture
async def service(build: Build) -> Service:
    return build()
