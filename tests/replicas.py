"""Replicas of the service for tests: inside the test, with a scripted reply side, or as a real process."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api.logs import make_log
from api.main import create_app
from api.replies.model import Reply, Source, Turn
from api.risk.model import Assessment, Level, Match, RiskAssessor
from api.settings import Secret, Settings
from api.state import Service
from api.wiring import ReplySide, build_service
from servers import free_port, wait_until

TOKEN, OTHER_TOKEN, REHEARSAL_TOKEN = "token-of-web", "token-of-kiosk", "token-of-rehearsal"
NO_SCOPE_TOKEN = "token-without-scope"
PAGES_TOKEN, CARE_TOKEN = "token-of-the-desk", "token-of-care"


def token_list() -> list[dict[str, Any]]:
    """The applications that tests call as."""
    rows = (
        ("web", ["chat"], TOKEN),
        ("kiosk", ["chat"], OTHER_TOKEN),
        ("rehearsal", ["chat", "synthetic"], REHEARSAL_TOKEN),
        ("nobody", [], NO_SCOPE_TOKEN),
        ("desk", ["pages"], PAGES_TOKEN),
        ("care", ["care"], CARE_TOKEN),
    )
    return [
        {"application": name, "scopes": scopes, "sha256": hashlib.sha256(token.encode()).hexdigest()}
        for name, scopes, token in rows
    ]


class ScriptedAssessor:
    """Judges by marks in the text: `!HIGH` and the like; `!THEN_HIGH` only where there is a history."""

    def assess(self, text: str, history: tuple[str, ...] = ()) -> Assessment:
        for level in sorted(Level, reverse=True):
            if level is not Level.NONE and f"!{level.name}" in text:
                return Assessment(level, ("suicide",), (Match(f"mark_{level.name.lower()}", 0, 1),))
        if "!THEN_HIGH" in text and history:
            return Assessment(Level.HIGH, ("suicide",), (Match("mark_then", 0, 1),))
        return Assessment(Level.NONE)


@dataclass
class ScriptedResponder:
    """Numbers its replies, and notes what it was asked."""

    calls: list[tuple[str, tuple[Turn, ...], Assessment]] = field(default_factory=list)
    fails: Exception | None = None
    before: Callable[[], Any] | None = None

    async def reply(self, message: str, history: Sequence[Turn], assessment: Assessment) -> Reply:
        self.calls.append((message, tuple(history), assessment))
        if self.before is not None:
            await self.before()
        if self.fails is not None:
            raise self.fails
        return Reply(f"回覆 {len(self.calls)}", Source.OFFLINE)


@dataclass
class Inner:
    """A replica inside the test."""

    app: FastAPI
    service: Service
    client: httpx.AsyncClient
    responder: ScriptedResponder
    log: io.BytesIO

    async def say(self, text: str, *, key: str | None = None, **fields: Any) -> httpx.Response:
        """Sends a message as `p-1` of the application `web`."""
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"person": "p-1", "message": text, **fields}
        return await self.client.post("/api/v1/chat", json=body, headers=headers)

    def log_lines(self) -> list[dict[str, Any]]:
        """What the replica has logged."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def settings_for(database_url: str, redis_url: str, spool_dir: Path, **changes: Any) -> Settings:
    """Settings of a test replica."""
    values: dict[str, Any] = {
        "database_url": Secret(database_url),
        "redis_url": Secret(redis_url),
        "api_tokens": Secret(json.dumps(token_list())),
        "spool_dir": spool_dir,
        "rate_limit": "1000/minute",
        "database_pool_size": 5,
        **changes,
    }
    return Settings(**values)


@contextlib.asynccontextmanager
async def inner_replica(
    settings: Settings,
    responder: ScriptedResponder | None = None,
    assessor: RiskAssessor | None = None,
) -> AsyncIterator[Inner]:
    """Runs a replica inside the test, with scripted replies, and verdicts where no `assessor` is given."""
    scripted = responder or ScriptedResponder()
    stream = io.BytesIO()
    judge = assessor or ScriptedAssessor()
    service = build_service(settings, make_log(settings, stream), replies=ReplySide(scripted), assessor=judge)
    app = create_app(settings, service)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://replica", headers=headers
        ) as client:
            yield Inner(app, service, client, scripted, stream)


@dataclass
class Outer:
    """A replica in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A client that calls as the application `web`."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, **options)

    def healthy(self) -> bool:
        """Says whether the process answers."""
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return httpx.get(f"{self.url}/api/v1/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def wait_healthy(self) -> None:
        """Waits until the process answers."""
        wait_until(self.healthy, "the replica answers", 60)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process."""
        self.process.send_signal(number)


@contextlib.contextmanager
def outer_replica(
    database_url: str,
    redis_url: str,
    folder: Path,
    *,
    wait: bool = True,
    application: str = "api.main:app",
    options: Sequence[str] = ("--no-access-log",),
    **environment: str,
) -> Iterator[Outer]:
    """Runs `uvicorn api.main:app` while the block runs, as a release does."""
    port = free_port()
    tokens = folder / "tokens.json"
    tokens.write_text(json.dumps(token_list()))
    log = folder / f"replica-{port}.log"
    values = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "API_TOKENS_FILE": str(tokens),
        "SPOOL_DIR": str(folder / "spool"),
        "RATE_LIMIT": "100000/minute",
        **environment,
    }
    arguments = [sys.executable, "-m", "uvicorn", application, "--port", str(port), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, env=values, stdout=output, stderr=subprocess.STDOUT)
    replica = Outer(process, port, log)
    try:
        if wait:
            replica.wait_healthy()
        yield replica
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
