"""`xiong health` on a copy in which faults are real: each is found, named, and blamed on nobody else."""

import os
import signal
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import orjson
import pytest

from copies import Copy, finished, open_folder
from servers import wait_until
from watched import stopped
from xiong.config.load import load_settings
from xiong.model.documents import to_document
from xiong.operations.health.registry import CHECKS
from xiong.operations.health.run import examine
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock

pytestmark = pytest.mark.drill

WELL = {"healthy", "not run"}


# How full this machine is must not matter.
HEALTH = {
    "idle_in_transaction_seconds": 0.2,
    "disk_free_share": 0.0001,
    "inodes_free_share": 0.0001,
    "memory_free_share": 0.0001,
}


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """A copy on a small database."""
    shares = {f"XIONG_HEALTH__{name.upper()}": str(value) for name, value in HEALTH.items()}
    made = Copy(open_folder(), XIONG_DATABASE__MAX_CONNECTIONS="30", **shares)
    try:
        made.up()
        yield made
    finally:
        made.remove()


def findings(copy: Copy, *names: str, **sections: dict) -> dict[str, dict]:
    """{check: what it found}, as the command line prints it."""
    off = {"enabled": False}
    flags = {"state": copy.state, "proxy": {"port": 0}, "monitoring": off, "watch": off, "health": HEALTH}
    settings = load_settings(None, {**flags, **sections})
    report = finished(examine(platform_for(settings), settings, SystemClock(), names))
    return {finding.check: to_document(finding) for finding in report.findings}


def only(copy: Copy, ill: str, cause: str, *among: str, **sections: dict) -> dict:
    """What the one check that is not well found; every other is well."""
    found = findings(copy, *among, **sections)
    assert {name for name, f in found.items() if f["verdict"] not in WELL} == {ill}, found
    assert found[ill]["cause"] == cause, found[ill]
    assert found[ill]["hint"].startswith("xiong ")
    return found[ill]


@contextmanager
def frozen(copy: Copy, name: str) -> Iterator[None]:
    """A process that runs and does nothing."""
    pid = copy.pid(name)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def sessions(copy: Copy, count: int, begin: str = "SELECT 1"):
    """So many of the service's own sessions."""
    url = (copy.state / "secrets" / "DATABASE_URL").read_text()
    held = []
    try:
        for _ in range(count):
            try:
                held.append(await asyncpg.connect(url))
            except asyncpg.TooManyConnectionsError:
                break
            await held[-1].execute(begin)
        yield held
    finally:
        for connection in held:
            connection.terminate()


def test_a_copy_that_is_well_is_told_to_be_so_by_every_check(copy: Copy):
    report = copy.xiong("health").json
    found = {finding["check"]: finding for finding in report["findings"]}

    assert report["verdict"] == "healthy"
    assert list(found) == [check.name for check in CHECKS]
    assert {name: f["summary"] for name, f in found.items() if f["verdict"] not in WELL} == {}
    assert {name for name, f in found.items() if f["verdict"] == "not run"} == {
        "model",
        "certificate",
        "monitoring",
        "drills",
        "wal",
        "backups",
    }
    assert "sends to 2 of 2 ready replicas" in found["proxy"]["summary"]
    held = {figure["name"]: figure["value"] for figure in found["memory"]["figures"]}
    assert all(held[f"{name} resident"] > 2**20 for name in ("postgres", "valkey", "proxy", "api-0", "api-1"))


def test_a_replica_that_hangs_is_named_and_the_proxy_serves_on(copy: Copy):
    with frozen(copy, "api-1"):
        found = only(copy, "api", "hung")
        assert copy.xiong("health", "api", expect=3).json["verdict"] == "degraded"

    assert (found["verdict"], found["ill"], found["of"]) == ("degraded", ["api-1"], 2)


@pytest.mark.parametrize("part", ["postgres", "valkey", "proxy", "pager-0"])
def test_a_part_that_hangs_is_found_by_its_own_check_alone(copy: Copy, part: str):
    check = {"postgres": "database", "valkey": "cache", "pager-0": "pager"}.get(part, part)
    with frozen(copy, part):
        found = only(copy, check, "hung")

    assert (found["verdict"], found["ill"]) == ("unhealthy", [part])


@pytest.mark.parametrize(("part", "check"), [("valkey", "cache"), ("proxy", "proxy"), ("pager-0", "pager")])
def test_a_part_that_does_not_run_is_down(copy: Copy, part: str, check: str):
    with stopped(copy, part):
        found = only(copy, check, "down")

    assert (found["verdict"], found["ill"]) == ("unhealthy", [part])


def test_a_database_that_does_not_run_takes_no_replica_down(copy: Copy):
    with stopped(copy, "postgres"):
        found = only(copy, "database", "down")

    assert (found["verdict"], found["ill"]) == ("unhealthy", ["postgres"])
    wait_until(lambda: findings(copy, "database")["database"]["verdict"] == "healthy", "it is back")


async def test_sessions_that_do_nothing_in_a_transaction_are_counted(copy: Copy):
    async with sessions(copy, 2, "BEGIN; SELECT 1"):
        wait_until(
            lambda: findings(copy, "database")["database"]["cause"] == "idle-in-transaction",
            "they are seen",
        )
        found = only(copy, "database", "idle-in-transaction")

    assert "2 sessions idle in transaction" in found["summary"]
    assert found["verdict"] == "degraded"


async def test_a_server_without_a_free_connection_still_tells_who_has_them(copy: Copy):
    async with sessions(copy, 40) as held:
        found = only(copy, "database", "connections", "database", "disk")

    assert 0 < len(held) < 30
    assert found["verdict"] == "unhealthy"
    assert "24 of 24 connections are taken" in found["summary"]


def test_vectors_that_the_service_does_not_search_are_no_knowledge(copy: Copy):
    copy.sql("UPDATE knowledge SET embedder = 'somebody-else'")
    try:
        found = only(copy, "database", "vectors")
    finally:
        copy.sql("UPDATE knowledge SET embedder = 'offline-1'")

    assert found["verdict"] == "degraded"
    assert "it holds somebody-else (" in found["summary"]


def test_vectors_of_another_dimension_are_told_with_both_numbers(copy: Copy):
    copy.sql(
        "CREATE TABLE kept AS SELECT * FROM knowledge;"
        "ALTER TABLE knowledge ALTER COLUMN embedding TYPE vector(384) USING subvector(embedding, 1, 384);"
    )
    try:
        found = only(copy, "database", "vectors")
    finally:
        copy.sql(
            "DELETE FROM knowledge; ALTER TABLE knowledge ALTER COLUMN embedding TYPE vector(1536);"
            "INSERT INTO knowledge SELECT * FROM kept; DROP TABLE kept;"
        )

    assert "its vectors have 384 dimensions, the service's have 1536" in found["summary"]


def test_a_schema_that_the_release_cannot_live_on_is_told(copy: Copy):
    copy.sql("UPDATE schema_revisions SET revision = 'later' WHERE revision = '0005'")
    try:
        found = findings(copy, "database")["database"]
    finally:
        copy.sql("UPDATE schema_revisions SET revision = '0005' WHERE revision = 'later'")

    assert (found["verdict"], found["cause"]) == ("unhealthy", "schema")
    assert "the schema lacks 0005" in found["summary"]


def test_a_ready_replica_that_the_proxy_leaves_out_is_named(copy: Copy):
    file = copy.state / "proxy" / "caddy.json"
    before = file.read_bytes()
    out = next(i for i in copy.instances("api") if i.name == "api-0").url.removeprefix("http://")
    document = orjson.loads(before)
    [forward] = [
        handler
        for route in document["apps"]["http"]["servers"]["service"]["routes"]
        for handler in route["handle"]
        if handler["handler"] == "reverse_proxy"
    ]
    forward["upstreams"] = [up for up in forward["upstreams"] if up["dial"] != out]
    file.write_bytes(orjson.dumps(document))
    try:
        with stopped(copy, "proxy"):
            pass
        found = only(copy, "proxy", "slot")
    finally:
        file.write_bytes(before)
        with stopped(copy, "proxy"):
            pass

    assert (found["verdict"], found["ill"]) == ("degraded", ["api-0"])


async def test_a_page_that_waits_for_longer_than_is_meant_is_unhealthy(copy: Copy):
    async with copy.client() as client:
        body = {"person": "waits-1", "message": "我不想活了，今晚就要跳下去"}
        assert (await client.post("/api/v1/chat", json=body)).json()["risk"]["level"] == "IMMINENT"
    soon = {"patience_minutes": 0.0001}
    wait_until(
        lambda: findings(copy, "pager", paging=soon)["pager"]["verdict"] != "healthy", "it waited so long"
    )
    found = only(copy, "pager", "page-waits", paging=soon)

    assert found["verdict"] == "unhealthy"
    assert findings(copy, "pager")["pager"]["verdict"] == "healthy"


def test_the_role_that_looks_may_read_no_message_of_anybody(copy: Copy):
    async def read(table: str) -> str:
        url = await copy.platform().store_url("postgres")
        connection = await asyncpg.connect(url.reveal())
        try:
            await connection.fetch(f"SELECT * FROM {table} LIMIT 1")
            return "read"
        except asyncpg.InsufficientPrivilegeError:
            return "refused"
        finally:
            await connection.close()

    tables = copy.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {table for table in tables if finished(read(table)) == "read"} == {"knowledge", "schema_revisions"}


def test_a_check_that_does_not_exist_is_a_usage_error(copy: Copy):
    refused = copy.xiong("health", "databse", expect=2)

    assert "no check databse: expected one of disk, memory, " in refused.json["error"]["message"]


def test_a_watched_health_goes_on_until_ctrl_c(copy: Copy):
    looking = copy.begin("health", "--watch", "disk", "clock")
    assert looking.stdout is not None
    seen = 0
    while seen < 2:  # the beginning of two reports, one after the other
        seen += looking.stdout.readline() == "{\n"
    looking.send_signal(signal.SIGINT)
    _, errors = looking.communicate(timeout=30)

    assert (looking.returncode, errors) == (0, "")
