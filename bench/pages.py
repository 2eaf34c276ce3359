"""From a person's message to the mail server that took the page, beside counter → Prometheus → Alertmanager.

Every page of the first way is timed: 1, 10 and 100 crises a second, each of another person. The second
way sees a counter and knows no events: it is given one crisis every few seconds, and counted is how many
notifications came and how long an event waited for the next one.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from api import identity
from api.pages.model import page_id
from bench import report
from bench.alerting_way import SETUPS, Notifications, Setup, alerting, programs
from bench.connection import Connection
from bench.product import Copy, running_copy

RATES = (1, 10, 100)
_CRISIS = "我已經站在頂樓邊緣，等一下就跳下去，對不起大家"
_ARRIVAL_S = 60.0
_ALWAYS = "{days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', to: '00:00', contact: nurse}"


@dataclass
class Mailbox:
    """What the mail server took.

    Attributes:
        taken: {page: moments}.
    """

    port: int
    taken: dict[uuid.UUID, list[float]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def holds(self, pages: set[uuid.UUID]) -> None:
        """Waits until it took all of them."""
        while not pages <= self.taken.keys():
            self._news.clear()
            await self._news.wait()

    async def read(self, lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            at, page, _ = line.decode().split(" ", 2)
            self.taken.setdefault(uuid.UUID(page), []).append(float(at))
            self._news.set()


@asynccontextmanager
async def _mailbox() -> AsyncIterator[Mailbox]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.mail_sink", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    box = Mailbox(int(await process.stdout.readline()))
    reading = asyncio.create_task(box.read(process.stdout))
    try:
        yield box
    finally:
        process.kill()
        await process.wait()
        reading.cancel()


async def run(*, quick: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="xiong-bench-pages-") as name:
        async with _mailbox() as box:
            file = Path(name) / "paging.yaml"
            file.write_text(
                f"channels: {{email: {{kind: smtp, host: 127.0.0.1, port: {box.port}, security: none, "
                "sender: xiong@example.invalid}}\n"
                "contacts: {nurse: {email: nurse@example.invalid}}\n"
                f"rota: [{_ALWAYS}]\n"
                "policy: {steps: [{notify: [on-call], acknowledge_minutes: 600}]}\n"
            )
            os.environ["XIONG_PAGING__FILE"] = str(file)
            try:
                async with running_copy(None) as copy:
                    await _compare(copy, box, Path(name), quick=quick)
            finally:
                del os.environ["XIONG_PAGING__FILE"]


async def _compare(copy: Copy, box: Mailbox, folder: Path, *, quick: bool) -> None:
    rows = []
    for rate in RATES:
        seconds = 3 if quick else 60 if rate == 1 else 20
        delays, repeated = await _paged(copy, box, rate, rate * seconds)
        rows.append(
            (
                f"{rate}/s",
                rate * seconds,
                len(delays),
                repeated,
                f"{statistics.median(delays):.3f} s",
                f"{_p99(delays):.3f} s",
                f"{max(delays):.3f} s",
            )
        )
    heads = ("crises", "sent", "paged", "sent again", "p50", "p99", "slowest")
    report.table("Message → page taken by the mail server", heads, rows)
    report.save("pages", {"rows": rows})
    if programs() is None:
        report.note("Prometheus and Alertmanager are not on PATH: the other way was not run.")
        return
    others = [await _alerted(copy, setup, folder / str(n), quick=quick) for n, setup in enumerate(SETUPS)]
    columns = (
        "counter → Prometheus → Alertmanager",
        "events",
        "notifications",
        "waited, median",
        "never told",
    )
    report.table("The same by a counter", columns, others)


async def _paged(copy: Copy, box: Mailbox, rate: int, count: int) -> tuple[list[float], int]:
    """Sends crises at that rate and waits for their pages: seconds each took, and mails sent twice."""
    sent = await _send(copy, count, 1 / rate)
    with suppress(TimeoutError):
        async with asyncio.timeout(_ARRIVAL_S):
            await box.holds(set(sent))
    found = {page: box.taken[page] for page in sent if page in box.taken}
    return [min(at) - sent[page] for page, at in found.items()], sum(len(at) - 1 for at in found.values())


async def _send(copy: Copy, count: int, every: float) -> dict[uuid.UUID, float]:
    """{page: when its message was sent}; nobody waits for anybody's answer.

    Written on bare connections: a client library would take more of this machine than the service.
    """
    crowd = secrets.token_hex(4)
    sent: dict[uuid.UUID, float] = {}
    free: list[Connection] = []

    async def one(person: str) -> None:
        connection = free.pop() if free else await _connect(copy.url)
        at = time.time()
        status = await connection.ask(_request(copy, person))
        if status != 200:
            raise RuntimeError(f"a crisis was answered with {status}")
        free.append(connection)
        message = identity.message_id("operator", person, person)
        sent[page_id(identity.risk_event_id(message))] = at

    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number * every - time.monotonic()))
            group.create_task(one(f"{crowd}-{number}"))
    for connection in free:
        connection.close()
    return sent


async def _connect(url: str) -> Connection:
    address = urlsplit(url)
    _, connection = await asyncio.get_running_loop().create_connection(
        Connection, address.hostname or "", address.port or 80
    )
    return connection


def _request(copy: Copy, person: str) -> bytes:
    body = json.dumps({"person": person, "message": _CRISIS}).encode()
    head = (
        f"POST /api/v1/chat HTTP/1.1\r\nHost: {urlsplit(copy.url).netloc}\r\n"
        f"Authorization: Bearer {copy.token}\r\nIdempotency-Key: {person}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _alerted(copy: Copy, setup: Setup, folder: Path, *, quick: bool) -> tuple[object, ...]:
    events, gap = (3, 1.0) if quick else (12, 15.0)
    targets = [r.url.removeprefix("http://") for r in await copy.driver().replicas() if r.url]
    async with alerting(setup, targets, folder) as seen:
        sent = await _send(copy, events, gap)
        await asyncio.sleep(3 * setup.interval + setup.group_wait + 2)
        waits = _waits(sorted(sent.values()), seen)
    told = f"{report.median(waits):.1f} s" if waits else "-"
    return setup.name, events, len(seen.at), told, events - len(waits)


def _waits(events: list[float], seen: Notifications) -> list[float]:
    """How long each event waited for the next notification; nothing for one that none followed."""
    return [min(later) - at for at in events if (later := [moment for moment in seen.at if moment >= at])]


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98] if len(values) > 1 else values[0]
