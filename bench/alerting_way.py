"""The other way to page, for `pages`: a counter, Prometheus and Alertmanager, as the system has them."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.ports import free_port

RULE = 'increase(risk_events_total{level="IMMINENT"}[5m]) > 0'


@dataclass(frozen=True)
class Setup:
    """How the two servers are set up.

    Attributes:
        interval: seconds between scrapes, and between evaluations.
        group_wait: seconds that Alertmanager waits for more of a group.
    """

    name: str
    interval: int
    group_wait: int


SETUPS = (
    Setup("15 s scrapes, Alertmanager's defaults", 15, 30),
    Setup("1 s scrapes, no waiting", 1, 0),
)


@dataclass
class Notifications:
    """When a notification arrived."""

    at: list[float] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes one webhook call of Alertmanager; a resolved alert is no call for help."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if b"content-length" in line
                ),
                0,
            )
            body = await reader.readexactly(length)
            if b'"status":"firing"' in body:
                self.at.append(time.time())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()


def programs() -> tuple[str, str] | None:
    """Prometheus and Alertmanager, None where one is missing."""
    prometheus = shutil.which("prometheus")
    alertmanager = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    return (prometheus, alertmanager) if prometheus and alertmanager else None


@asynccontextmanager
async def alerting(setup: Setup, targets: list[str], folder: Path) -> AsyncIterator[Notifications]:
    """Runs both servers over the replicas while the block runs."""
    found = programs()
    if found is None:
        raise RuntimeError("prometheus and alertmanager are not on PATH")
    folder.mkdir(parents=True)
    seen = Notifications()
    receiver = await asyncio.start_server(seen.take, "127.0.0.1", 0)
    hook = receiver.sockets[0].getsockname()[1]
    metrics, alerts = free_port(), free_port()
    _write(setup, targets, folder, hook, alerts)
    processes = [
        await _start(
            folder,
            found[1],
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/alertmanager",
            f"--web.listen-address=127.0.0.1:{alerts}",
            "--cluster.listen-address=",
        ),
        await _start(
            folder,
            found[0],
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{metrics}",
        ),
    ]
    try:
        # two scrapes: a counter must have been seen before it can be seen to rise
        await asyncio.sleep(3 + 2.2 * setup.interval)
        yield seen
    finally:
        for process in processes:
            process.terminate()
            await process.wait()
        receiver.close()


async def _start(folder: Path, *argv: str) -> asyncio.subprocess.Process:
    with (folder / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(*argv, stdout=log, stderr=log)


def _write(setup: Setup, targets: list[str], folder: Path, hook: int, alerts: int) -> None:
    (folder / "rules.yml").write_text(
        "groups:\n- name: bench\n  rules:\n  - alert: HighRiskEventDetected\n    expr: " + RULE + "\n"
    )
    (folder / "prometheus.yml").write_text(
        f"global: {{scrape_interval: {setup.interval}s, evaluation_interval: {setup.interval}s,"
        " scrape_timeout: 1s}\n"
        f"rule_files: ['{folder}/rules.yml']\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alerts}']}}]}}]}}\n"
        f"scrape_configs: [{{job_name: api, static_configs: [{{targets: {targets}}}]}}]\n"
    )
    (folder / "alertmanager.yml").write_text(
        f"route: {{receiver: hook, group_wait: {setup.group_wait}s}}\n"
        f"receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{hook}/'}}]}}]\n"
    )
