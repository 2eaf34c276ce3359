"""What replica, pager and daemon really export, held against the table and against what the rules select."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.pager.metrics import PagerMetrics
from monitoring_files import ROOT, Exported, exported, queries
from promql import read
from replicas import outer_replica
from servers import eventually
from xiong.config.settings import Settings
from xiong.daemon.exporter import Exporter
from xiong.daemon.observation import Observation
from xiong.daemon.watch import parts_for
from xiong.model.volume import Volume
from xiong.operations.journal import Committed
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock

Sample = tuple[str, dict[str, str], float]


def samples(text: str) -> list[Sample]:
    families = text_string_to_metric_families(text)
    return [(s.name, s.labels, s.value) for family in families for s in family.samples]


@pytest.fixture
async def replica(database: Any, valkey: Any, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a real replica, started as a release does."""
    with outer_replica(database.url, valkey.url, tmp_path) as outer:
        async with outer.client() as client:
            yield client


async def scraped(replica: httpx.AsyncClient) -> list[Sample]:
    """One scrape, once every number is there."""

    async def known() -> bool:
        text = (await replica.get("/metrics")).text
        return "xiongichat_database_size_bytes" in text and 'xiongichat_active_users{window="5m"}' in text

    await eventually(known, "every number of the data stores is there")
    return samples((await replica.get("/metrics")).text)


def rows_of(job: str) -> dict[str, Exported]:
    return {name: row for name, row in exported().items() if job in row.jobs.values()}


def missing(job: str, found: list[Sample]) -> list[str]:
    """What the table promises and the scrape has not, or with other labels."""
    faults = []
    for name, row in rows_of(job).items():
        labels = [set(labels) - {"le"} for sample, labels, _ in found if sample == name]
        if not labels or set.union(*labels) != row.labels:
            faults.append(f"{name}: {sorted(set().union(*labels))}, the table says {sorted(row.labels)}")
    return faults


def selects_nothing(job: str, found: list[Sample]) -> list[str]:
    """The selectors on metrics of this job that no series of the scrape fits."""
    rows = rows_of(job)
    faults = []
    for where, expr in queries():
        for s in read(expr).selectors:
            fitting = [n for n, labels, _ in found if n == s.metric and _fits(s.matchers, labels)]
            faults += [] if fitting or s.metric not in rows else [f"{where}: {s}"]
    return faults


def _fits(matchers: tuple[tuple[str, str, str], ...], labels: dict[str, str]) -> bool:
    for name, operator, wanted in matchers:
        if name in {"job", "instance"}:
            continue
        value = labels.get(name, "")
        same = value == wanted if operator in {"=", "!="} else bool(re.fullmatch(wanted, value))
        if same == operator.startswith("!"):
            return False
    return True


async def test_a_replica_exports_what_the_table_promises(replica: httpx.AsyncClient) -> None:
    assert missing("xiongichat-api", await scraped(replica)) == []


async def test_what_is_selected_exists_before_anything_happened(
    replica: httpx.AsyncClient,
) -> None:
    assert selects_nothing("xiongichat-api", await scraped(replica)) == []


def test_a_pager_exports_what_the_table_promises_and_the_rules_select() -> None:
    metrics = PagerMetrics("1", "1-a")
    metrics.expect(["email"])
    found = samples(metrics.text().decode())
    assert missing("xiongichat-pager", found) == []
    assert selects_nothing("xiongichat-pager", found) == []


async def test_the_daemon_exports_what_the_table_promises_and_the_rules_select(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    settings = Settings.model_validate({"state": tmp_path / "state"})
    exporter = Exporter(steps=["observe"])
    seen = Observation(
        now,
        committed=Committed(release="1-a", replicas=2, at=now),
        volumes=(Volume("state", 1, 2),),
        certificate_expires=now,
    )
    exporter.show(seen)
    async with parts_for(platform_for(settings), settings, SystemClock(), print) as parts:
        for collector in parts.metrics:
            exporter.registry.register(collector)
        found = samples(exporter.text().decode())
    assert missing("xiong-watch", found) == []
    assert selects_nothing("xiong-watch", found) == []


async def test_b1_every_scrape_says_how_many_requests_there_were(replica: httpx.AsyncClient) -> None:
    body = {"person": "p1", "message": "你好"}
    for _ in range(7):
        await replica.post("/api/v1/chat", json=body)
    seen = []
    for _ in range(5):
        found = samples((await replica.get("/metrics")).text)
        seen.append(
            sum(
                value
                for name, labels, value in found
                if name == "http_requests_total" and labels["path"] == "/api/v1/chat"
            )
        )
    assert seen == [7.0] * 5


async def test_b2_the_numbers_of_the_process_are_there(replica: httpx.AsyncClient) -> None:
    names = {name for name, _, _ in samples((await replica.get("/metrics")).text)}
    assert {
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_start_time_seconds",
    } <= names


async def test_b3_a_scrape_is_one_request(replica: httpx.AsyncClient) -> None:
    answer = await replica.get("/metrics", follow_redirects=False)
    assert (answer.status_code, "location" in answer.headers) == (200, False)


async def test_b4_a_path_is_a_template_and_unknown_ones_are_one_series(
    replica: httpx.AsyncClient,
) -> None:
    for path in (
        "/wp-login.php",
        "/0f1e",
        "/api/v1/conversations/5e3b1f0c-8f4e-4b43-9d3e-0a1b2c3d4e5f/messages",
    ):
        await replica.get(path)
    found = samples((await replica.get("/metrics")).text)
    paths = {labels["path"] for name, labels, _ in found if name == "http_requests_total"}
    assert "unmatched" in paths
    assert "/api/v1/conversations/{conversation_id}/messages" in paths
    assert not {path for path in paths if "5e3b1f0c" in path or "wp-login" in path or "0f1e" in path}


async def test_b5_nobody_is_a_label(replica: httpx.AsyncClient) -> None:
    body = {"person": "person-of-this-test", "message": "你好"}
    await replica.post("/api/v1/chat", json=body)
    text = (await replica.get("/metrics")).text
    assert "person-of-this-test" not in text
    labels = {name for _, labels, _ in samples(text) for name in labels}
    assert labels.isdisjoint(
        {"user", "user_id", "person", "email", "conversation", "conversation_id", "application"}
    )


def test_b9_no_slow_middleware_stands_around_a_request() -> None:
    for path in (ROOT / "src" / "api").rglob("*.py"):
        names = {
            n.id for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Name)
        }
        assert "BaseHTTPMiddleware" not in names, path.name
