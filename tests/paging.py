"""A pager for tests: inside the test, with channels that only note what they got, or as a real process."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from api import identity
from api.logs import make_log
from api.pager.channels.base import ChannelError, Notice
from api.pager.configuration import load
from api.pager.plan import Plan, Planning
from api.pager.process import Pager
from api.pages.model import Crisis
from api.records import MessageRecord
from api.risk.model import Level
from api.settings import Secret, Settings
from servers import free_port, wait_until

KEY = Secret("a key of this test")
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PAGING = """
channels:
  mail: {kind: smtp, host: mail.example.invalid, port: 25, security: none, sender: xiong@example.invalid}
  text: {kind: smtp, host: text.example.invalid, port: 25, security: none, sender: xiong@example.invalid}
contacts:
  nurse: {mail: nurse@example.invalid, text: nurse@text.example.invalid}
  lead: {mail: lead@example.invalid}
  probe: {mail: probe@example.invalid, text: probe@text.example.invalid}
rota:
  - {days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", contact: nurse}
policy:
  steps:
    - {notify: [on-call], acknowledge_minutes: 5}
    - {notify: [lead], acknowledge_minutes: 3}
  repeat: 2
canary: {every_minutes: 60, recipients: [probe], confirm_minutes: 5}
"""


@dataclass
class Clock:
    """A time that only moves when the test says so."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def go(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class RecordingChannel:
    """Notes what it got; fails as the test says."""

    got: list[tuple[Notice, str]] = field(default_factory=list)
    tries: list[uuid.UUID] = field(default_factory=list)
    fails: ChannelError | None = None
    hold: asyncio.Event | None = None

    async def send(self, notice: Notice, address: str) -> None:
        self.tries.append(notice.delivery_id)
        if self.hold is not None:
            await self.hold.wait()
        if self.fails is not None:
            raise self.fails
        self.got.append((notice, address))

    async def aclose(self) -> None:
        pass

    @property
    def addresses(self) -> list[str]:
        return [address for _, address in self.got]


def crisis(person: str = "p-1", level: Level = Level.HIGH, at: datetime = START, **changes: Any) -> Crisis:
    """A risk event."""
    values = {"event_id": uuid.uuid4(), "application": "web", "synthetic": False, **changes}
    return Crisis(person=person, level=level, created_at=at, **values)


def message(person: str = "p-1", level: Level = Level.IMMINENT, at: datetime = START) -> MessageRecord:
    """What a replica spools."""
    identifier = uuid.uuid4()
    return MessageRecord(
        id=identifier,
        conversation_id=identity.conversation_id(identifier),
        application="web",
        person=person,
        text="!",
        digest=identity.content_digest(None, "!"),
        opens=True,
        synthetic=False,
        level=level,
        categories=("suicide",),
        rules=("mark",),
        created_at=at,
    )


@dataclass
class Stage:
    """A pager inside the test."""

    pager: Pager
    mail: RecordingChannel
    text: RecordingChannel
    log: io.BytesIO

    async def round(self) -> None:
        """One round of work, with everything that it sent recorded."""
        await self.pager.desk.work()
        while self.pager.desk._sends:
            await asyncio.wait(set(self.pager.desk._sends))
        await self.pager.desk.settle()

    async def run(self, step: Any) -> Any:
        """Runs statements where pages are now."""
        return await self.pager.duty.run(step)

    def actions(self) -> list[str]:
        """What was logged."""
        return [json.loads(line)["event.action"] for line in self.log.getvalue().splitlines()]


def paging_file(folder: Path, text: str = PAGING) -> Path:
    """Writes PAGING_FILE."""
    path = folder / "paging.yaml"
    path.write_text(text)
    return path


@contextlib.asynccontextmanager
async def stage(
    database_url: str, folder: Path, clock: Any, *, text: str = PAGING, **parts: Any
) -> AsyncIterator[Stage]:
    """A pager that does nothing by itself: the test calls its parts."""
    stream = io.BytesIO()
    settings = Settings(
        database_url=Secret(database_url),
        secret_key=KEY,
        spool_dir=folder / "spool",
        public_url="https://chat.example.invalid",
    )
    settings.spool_dir.mkdir(parents=True, exist_ok=True)
    log = make_log(settings, stream)
    planning = Planning(None, log)
    mail, text_channel = RecordingChannel(), RecordingChannel()
    planning.plan = Plan(load(paging_file(folder, text)), {"mail": mail, "text": text_channel})
    pager = Pager(settings, planning, log, clock=clock, **parts)
    await pager.begin()
    try:
        yield Stage(pager, mail, text_channel, stream)
    finally:
        await pager.end(settled=await pager.desk.finish(1))


@dataclass
class PagerProcess:
    """`python -m api.pager`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def metric(self, name: str) -> float:
        """What one of its metrics says."""
        for line in httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=5).text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[-1])
        raise AssertionError(f"no metric {name}")

    def healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Ends it at once."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """Ends it in order; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextlib.contextmanager
def pager_process(
    database_url: str, folder: Path, paging: Path | None, *, wait: bool = True, **environment: str
) -> Iterator[PagerProcess]:
    """Runs a pager while the block runs."""
    port = free_port()
    values = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "SECRET_KEY": KEY.reveal(),
        "SPOOL_DIR": str(folder / "spool"),
        "PUBLIC_URL": "https://chat.example.invalid",
        "PAGER_PORT": str(port),
        **({"PAGING_FILE": str(paging)} if paging else {}),
        **environment,
    }
    log = folder / f"pager-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.pager"], env=values, stdout=output, stderr=subprocess.STDOUT
        )
    running = PagerProcess(process, port, log)
    try:
        if wait:
            wait_until(running.healthy, "the pager answers", 30)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
