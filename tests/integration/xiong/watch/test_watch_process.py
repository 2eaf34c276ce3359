"""`xiong watch` as a process of its own: one leads, another waits, and it ends as soon as it is told to."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from copies import QUICK
from xiong.errors import PlatformError
from xiong.tools.certificates import expiry
from xiong.tools.clock import SystemClock, wait_for
from xiong.tools.sockets import free_port
from xiong.tools.web import Request, Response, WebServer


class Watcher:
    """One `xiong watch` on a state folder where nothing runs."""

    def __init__(self, state: Path) -> None:
        self.port = free_port()
        self.log = state.parent / f"watch-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "xiong", "--state", state, "watch", "--port", str(self.port)],
                env={**os.environ, **QUICK, "XIONG_WATCH__CYCLE_SECONDS": "0.2"},
                cwd=state.parent,
                stdout=log,
                stderr=log,
            )

    async def until(self, text: str) -> None:
        async def said() -> bool:
            return text in self.log.read_text()

        await wait_for(said, what=f"{text!r} in {self.log}", seconds=20, clock=SystemClock())

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=10, trust_env=False).text

    def end(self) -> float:
        """Seconds until it is gone."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0, self.log.read_text()
        return time.monotonic() - begun


@pytest.fixture
def start(tmp_path) -> Iterator:
    begun: list[Watcher] = []

    def one() -> Watcher:
        begun.append(Watcher(tmp_path / "state"))
        return begun[-1]

    yield one
    for watcher in begun:
        watcher.process.kill()
        watcher.process.wait(10)


async def test_it_shows_its_metrics_and_the_targets_and_ends_at_once(start, tmp_path):
    watcher = start()
    await watcher.until("watch leads")

    async def went_round() -> bool:
        return "xiong_watch_last_cycle_timestamp_seconds 0.0" not in watcher.metrics()

    await wait_for(went_round, what="a whole cycle", seconds=10, clock=SystemClock())
    assert 'xiong_instances{service="api",state="ready"} 0.0' in watcher.metrics()
    assert "xiong_proxy_up 0.0" in watcher.metrics()
    targets = {file.name for file in (tmp_path / "state" / "monitoring" / "targets").glob("*.json")}
    assert {"xiongichat-api.json", "xiongichat-pager.json", "xiong-watch.json"} <= targets
    assert watcher.end() < 2


async def test_a_second_one_waits_and_leads_when_the_first_was_killed(start):
    first = start()
    await first.until("watch leads")
    second = start()
    await second.until("watch waits")

    with pytest.raises(httpx.ConnectError):
        second.metrics()
    first.process.kill()
    await second.until("watch leads")

    assert "xiong_instances" in second.metrics()


async def test_one_that_waits_ends_at_once_too(start):
    first = start()
    await first.until("watch leads")
    second = start()
    await second.until("watch waits")

    assert second.end() < 2


async def test_a_port_that_is_taken_is_named(start, tmp_path):
    first = start()
    await first.until("watch leads")

    with pytest.raises(PlatformError, match=f"port {first.port}: "):
        async with WebServer(lambda _: Response(200), first.port):
            pass


async def test_the_small_server_answers_whatever_comes(caplog):
    heard: list[Request] = []

    def answer(request: Request) -> Response:
        heard.append(request)
        return Response(200, b"ok")

    async with WebServer(answer) as server, httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{server.port}"
        assert (await client.get(f"{url}/a%20b?c=d")).text == "ok"
        assert (await client.post(f"{url}/x", content=b"y" * 100_000)).status_code == 200
        for nonsense in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(nonsense)
            assert await reader.read() == b""
            writer.close()
        assert (await client.get(url)).status_code == 200

    assert [(r.method, r.path, len(r.body)) for r in heard] == [
        ("GET", "/a b", 0),
        ("POST", "/x", 100_000),
        ("GET", "/", 0),
    ]
    assert caplog.records == []


async def test_a_server_without_a_certificate_has_no_expiry():
    async with WebServer(lambda _: Response(200)) as server:
        assert await expiry("127.0.0.1", server.port, "a.example.invalid", timeout_seconds=3) is None
    assert await expiry("127.0.0.1", free_port(), "a.example.invalid", timeout_seconds=3) is None


@pytest.mark.parametrize("days", [20, -2])
async def test_the_certificate_that_a_server_shows_is_read_also_when_it_has_expired(days, tmp_path):
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("a.example.invalid", not_after=ends).configure_cert(context)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        assert await expiry("127.0.0.1", port, "a.example.invalid", timeout_seconds=5) == ends
