"""The same charts from a real Prometheus; without one on PATH these tests are not run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from console_stage import Stage, an_hour, serving
from copies import finished
from servers import eventually, free_port, wait_until
from small_service import SmallService
from xiong.console.prometheus import Furthest, Prometheus
from xiong.console.series import Ring, Totals
from xiong.model.instance import Instance, InstanceState
from xiong.tools.clock import SystemClock

pytestmark = pytest.mark.long

PROGRAMS = [path for path in (shutil.which("prometheus"),) if path]
SCRAPE = """# TYPE http_requests_total counter
http_requests_total{method="POST",path="/api/v1/chat",status="200"} %(n)d
http_requests_total{method="POST",path="/api/v1/chat",status="500"} %(n)d
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="5.0",path="/api/v1/chat"} 0
http_request_duration_seconds_bucket{le="10.0",path="/api/v1/chat"} %(n)d
http_request_duration_seconds_bucket{le="+Inf",path="/api/v1/chat"} %(n)d
# TYPE xiongichat_database_connections gauge
xiongichat_database_connections 11
# TYPE risk_events_total counter
risk_events_total{level="HIGH"} 0
"""


class Growing(SmallService):
    """Counts one more with each scrape."""

    def __getattribute__(self, name: str) -> object:
        if name == "metrics":
            self.__dict__["scraped"] = self.__dict__.get("scraped", 0) + 10
            return SCRAPE % {"n": self.__dict__["scraped"]}
        return super().__getattribute__(name)


@contextmanager
def prometheus(program: str, folder: Path, target: str) -> Iterator[str]:
    """One that scrapes every second."""
    file, port = folder / "prometheus.yml", free_port()
    file.write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n"
        f"  - job_name: xiongichat-api\n    static_configs: [{{targets: ['{target.removeprefix('http://')}']}}]\n"
    )
    argv = [program, f"--config.file={file}", f"--storage.tsdb.path={folder}/data"]
    process = subprocess.Popen(
        [*argv, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL, cwd=folder
    )
    address = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return httpx.get(f"{address}/-/ready", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_until(ready, "Prometheus is ready")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def at(address: str) -> Prometheus:
    async def where() -> str:
        return address

    return Prometheus(where, SystemClock())


@pytest.mark.parametrize("program", PROGRAMS)
async def test_charts_and_promises_come_from_prometheus(program: str, tmp_path: Path):
    with serving(Growing().app(), free_port()) as target, prometheus(program, tmp_path, target) as address:

        async def enough() -> bool:
            latest = [
                line.latest for c in await at(address).charts() for line in c.lines if c.name == "latency"
            ]
            return bool(latest) and None not in latest

        await eventually(enough, "a few scrapes")
        charts = {c.name: {line.name: line.latest for line in c.lines} for c in await at(address).charts()}
        totals = await at(address).totals(10.0)

    assert charts["traffic"]["requests"] > 0
    assert charts["errors"]["errors"] == pytest.approx(50)
    assert 5 < charts["latency"]["p95"] < 10
    assert charts["connections"] == {"connections": 11, "limit": None}
    assert charts["risk"]["HIGH"] == 0
    assert totals.errors == pytest.approx(totals.requests / 2, rel=0.2)
    assert totals.quick == pytest.approx(totals.chats, rel=0.2)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_console_that_was_just_started_shows_what_prometheus_remembers(
    program: str, tmp_path: Path, console: Stage
):
    with serving(Growing().app(), free_port()) as target, prometheus(program, tmp_path, target) as address:
        beside = Instance("prometheus", "prometheus", None, InstanceState.READY, address, "7@1")
        console.platform.running.append(beside)
        other = console.desk.series._other

        def seen() -> bool:
            return bool(finished(Prometheus(other._address, SystemClock()).charts()))

        wait_until(seen, "Prometheus is found beside the service and has something")


async def test_the_source_that_reaches_back_further_is_shown_and_our_own_where_they_are_alike():
    hour, empty = an_hour(), Ring()

    assert await Furthest(empty, hour).charts() == await hour.charts()
    assert await Furthest(hour, empty).charts() == await hour.charts()
    assert await Furthest(hour, an_hour())._better() is hour


async def test_without_a_prometheus_or_with_one_that_is_away_there_is_nothing():
    assert await at("").charts() == []
    assert await at(f"http://127.0.0.1:{free_port()}").totals(10.0) == Totals(None)
