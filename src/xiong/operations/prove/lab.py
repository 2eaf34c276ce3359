"""Prometheus and Alertmanager of a proof's own: short intervals, free ports, a folder that goes with them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from xiong.tools import background, files, sockets
from xiong.tools.clock import Clock, wait_for
from xiong.tools.http import Answer, Http

ITSELF = "itself.invalid:9090"
"""A target that stands for the Prometheus that reads it."""
_READY_SECONDS = 60.0
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Running:
    """A program of the lab.

    Attributes:
        port: where it answers.
        folder: what it reads and writes.
        http: a client of it.
        since: when it was ready, on the clock that only grows.
    """

    port: int
    folder: Path
    http: Http
    since: float

    async def asked(self, path: str) -> Any:
        """The `data` of an answer of Prometheus' API; None where it gives none."""
        answer: Answer | None = await self.http.request("GET", path)
        document = answer.json() if answer is not None else None
        return document.get("data") if isinstance(document, dict) else None


@asynccontextmanager
async def prometheus(
    program: Path, folder: Path, settings: Mapping[str, Any], clock: Clock
) -> AsyncIterator[Running]:
    """Runs with these settings until the body ends.

    Raises:
        DeadlineError: it does not get ready; its log lies in `folder`.
        XiongError: it cannot be started.
    """
    port = sockets.free_port()
    argv = [
        str(program),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=1s",
        "--log.level=warn",
    ]
    itself = yaml.safe_dump(dict(settings), allow_unicode=True).replace(ITSELF, f"127.0.0.1:{port}")
    _write(folder / "prometheus.yml", itself)
    async with _running(argv, folder, port, clock) as found:
        yield found


@asynccontextmanager
async def alertmanager(
    program: Path, folder: Path, settings: Mapping[str, Any], clock: Clock
) -> AsyncIterator[Running]:
    """As `prometheus`."""
    port = sockets.free_port()
    argv = [
        str(program),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    _write(folder / "alertmanager.yml", yaml.safe_dump(dict(settings), allow_unicode=True))
    async with _running(argv, folder, port, clock) as found:
        yield found


@asynccontextmanager
async def _running(argv: list[str], folder: Path, port: int, clock: Clock) -> AsyncIterator[Running]:
    # Many run side by side: one processor each is enough, and leaves the machine to the others.
    environment = {"PATH": os.environ.get("PATH", ""), "GOMAXPROCS": "1"}
    log = folder / "log"
    async with (
        background.running(argv, environment=environment, log=log, cwd=folder) as process,
        Http(f"http://127.0.0.1:{port}", timeout_seconds=_ANSWER_SECONDS) as http,
    ):

        async def ready() -> bool:
            answer = await http.request("GET", "/-/ready")
            return process.returncode is not None or (answer is not None and answer.status == 200)

        await wait_for(
            ready, what=f"{Path(argv[0]).name} ready", seconds=_READY_SECONDS, clock=clock, every=0.1
        )
        background.still_runs(process, log)
        yield Running(port, folder, http, clock.monotonic())


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomic(file, text.encode())
