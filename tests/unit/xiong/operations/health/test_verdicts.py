"""What each check makes of what it saw: verdict, cause and words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.database.tables import EMBEDDING_DIMENSIONS
from api.knowledge import embedders
from repo import tree
from xiong.config.settings import Settings
from xiong.datastores.postgres_health import DatabaseFacts, Vectors
from xiong.datastores.valkey import CacheFacts
from xiong.model.drill import DrillOutcome, DrillResult
from xiong.model.health import Finding, Verdict
from xiong.model.memory import MemoryUse
from xiong.model.release import Release, SchemaSupport
from xiong.model.volume import Volume
from xiong.operations.health.checks import (
    cache,
    certificate,
    database,
    disk,
    drills,
    memory,
    model,
    monitoring,
    pager,
    proxy,
)
from xiong.operations.open_pages import OpenPages

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SETTINGS = Settings()
HEALTH = SETTINGS.health
HEALTHY, DEGRADED, UNHEALTHY, NOT_RUN = (
    Verdict.HEALTHY,
    Verdict.DEGRADED,
    Verdict.UNHEALTHY,
    Verdict.NOT_RUN,
)
RELEASE = Release("0.1.0-ab", "0.1.0", "sha256:ab", NOW, SchemaSupport(("1", "2"), ("1", "2", "c1")), "/src")
WELL = DatabaseFacts(
    seconds=0.01,
    connections=5,
    limit=94,
    idle=0,
    longest_idle=0.0,
    long=0,
    longest=0.0,
    revisions={"1": "expand", "2": "expand"},
    vectors=Vectors({"offline-1": 54}, (1536,), found=True),
    ahead_seconds=0.0,
)
LISTED = {(row[0], row[1]) for row in tree.tables(tree.read("docs/reference/health.md")) if len(row) == 4}
CACHE = CacheFacts(0.001, "", False, 1_000_000, 100_000_000, True, True)


def seen(finding: Finding) -> tuple[Verdict, str]:
    """What the healer goes by."""
    assert finding.summary
    assert finding.cause == "" or (f"`{finding.check}`", f"`{finding.cause}`") in LISTED
    assert (finding.cause == "") == (finding.verdict in {HEALTHY, NOT_RUN})
    assert bool(finding.hint) == (finding.verdict in {DEGRADED, UNHEALTHY})
    return finding.verdict, finding.cause


@pytest.mark.parametrize(
    ("free", "inodes", "expected"),
    [
        (50, 50, (HEALTHY, "")),
        (9, 50, (DEGRADED, "disk-full")),
        (4, 50, (UNHEALTHY, "disk-full")),
        (50, 4, (DEGRADED, "inodes")),
        (50, 2, (UNHEALTHY, "inodes")),
        (9, 1, (UNHEALTHY, "inodes")),
    ],
)
def test_the_disk_that_is_nearest_to_full_decides(free, inodes, expected):
    roomy, tight = Volume("state", 90, 100, 90, 100), Volume("database", free, 100, inodes, 100)

    found = disk.judge([roomy, tight], HEALTH)

    assert seen(found) == expected
    assert found.verdict is HEALTHY or found.summary.startswith("database: ")
    assert [(f.name, f.limit) for f in found.figures if f.name.startswith("database")] == [
        ("database free", 0.1),
        ("database inodes free", 0.05),
    ]


def test_a_file_system_without_a_number_of_inodes_is_judged_by_its_bytes_alone():
    assert seen(disk.judge([Volume("state", 50, 100)], HEALTH)) == (HEALTHY, "")


@pytest.mark.parametrize(
    ("available", "expected"),
    [(50, (HEALTHY, "")), (4, (DEGRADED, "memory")), (2, (UNHEALTHY, "memory"))],
)
def test_memory_that_runs_out_names_who_holds_most(available, expected):
    found = memory.judge(MemoryUse(available, 100, (("api-0", 10), ("postgres", 30))), HEALTH)

    assert seen(found) == expected
    assert "postgres" in found.summary
    assert ("api-0 resident", 10) in [(f.name, f.value) for f in found.figures]


@pytest.mark.parametrize(
    ("changes", "expected", "words"),
    [
        ({}, (HEALTHY, ""), "5 of 94 connections"),
        ({"revisions": {"1": "expand"}}, (UNHEALTHY, "schema"), "the schema lacks 2"),
        (
            {"revisions": {"1": "expand", "2": "expand", "c2": "contract"}},
            (UNHEALTHY, "schema"),
            "contracted by c2",
        ),
        ({"revisions": {"1": "expand", "2": "expand", "3": "expand", "c1": "contract"}}, (HEALTHY, ""), ""),
        ({"revisions": {}}, (UNHEALTHY, "schema"), "the schema lacks 1, 2"),
        (
            {"idle": 2, "longest_idle": 61.0, "connections": 94},
            (DEGRADED, "idle-in-transaction"),
            "2 sessions idle in transaction for more than",
        ),
        ({"connections": 76}, (DEGRADED, "connections"), "76 of 94 connections are taken, 81%"),
        ({"connections": 94}, (UNHEALTHY, "connections"), "94 of 94"),
        ({"long": 1, "longest": 400.0}, (DEGRADED, "long-transaction"), "1 transaction at work"),
        ({"vectors": None}, (DEGRADED, "vectors"), "may not read it"),
        ({"vectors": Vectors({})}, (DEGRADED, "vectors"), "it holds nothing"),
        (
            {"vectors": Vectors({"offline-1": 54}, (384,), fault="DataError")},
            (DEGRADED, "vectors"),
            "its vectors have 384 dimensions, the service's have 1536",
        ),
        (
            {"vectors": Vectors({"offline-1": 54}, (384, 1536), True)},
            (DEGRADED, "vectors"),
            "its vectors have 384 and 1536 dimensions",
        ),
        (
            {"vectors": Vectors({"other": 54}, (1536,))},
            (DEGRADED, "vectors"),
            "no vector of offline-1, which the service searches; it holds other (54)",
        ),
        (
            {"vectors": Vectors({"offline-1": 50, "other": 54}, (1536,), True)},
            (DEGRADED, "vectors"),
            "50 of 54 entries have a vector of offline-1",
        ),
        (
            {"vectors": Vectors({"offline-1": 54}, (1536,), fault="UndefinedFunctionError")},
            (DEGRADED, "vectors"),
            "found nothing (UndefinedFunctionError)",
        ),
    ],
)
def test_of_the_database_the_gravest_fault_is_told(changes, expected, words):
    found = database.judge(replace(WELL, **changes), RELEASE, SETTINGS)

    assert seen(found) == expected
    assert words in found.summary


def test_without_the_release_nothing_is_said_of_the_schema():
    assert seen(database.judge(replace(WELL, revisions={}), None, SETTINGS)) == (HEALTHY, "")


def test_the_vectors_are_those_that_the_service_makes():
    configured = Settings.model_validate({"model": {"api_key": "k", "embeddings": True}})
    unused = Settings.model_validate({"model": {"api_key": "k"}})

    assert database.embedder(SETTINGS) == database.embedder(unused) == embedders.OFFLINE
    assert database.embedder(configured) == embedders.OPENAI
    assert database.DIMENSIONS == embedders.DIMENSIONS == EMBEDDING_DIMENSIONS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (HEALTHY, "")),
        ({"used_bytes": 90_000_000}, (DEGRADED, "memory")),
        ({"used_bytes": 90_000_000, "limit_bytes": 0}, (HEALTHY, "")),
        ({"write_fault": "a write is refused", "out_of_memory": True}, (UNHEALTHY, "memory")),
        ({"write_fault": "what was written is not read again"}, (UNHEALTHY, "failed")),
        ({"last_write_ok": False, "write_fault": "a write is refused"}, (UNHEALTHY, "aof")),
        ({"append_only": False}, (DEGRADED, "aof")),
    ],
)
def test_of_the_cache_the_gravest_fault_is_told(changes, expected):
    assert seen(cache.judge(replace(CACHE, **changes), SETTINGS)) == expected


def test_how_a_cache_of_somebody_else_keeps_its_data_is_their_affair():
    theirs = Settings.model_validate({"cache": {"url": "redis://cache.example.invalid"}})

    assert seen(cache.judge(replace(CACHE, append_only=False), theirs)) == (HEALTHY, "")


def scrape(**times: float) -> dict:
    """What one replica counted: when each outcome was seen last."""
    found = {("model_last_request_timestamp_seconds", (("outcome", o),)): at for o, at in times.items()}
    return found | {("model_requests_total", (("outcome", o),)): 1.0 for o, at in times.items() if at}


@pytest.mark.parametrize(
    ("scrapes", "expected", "words"),
    [
        ([], (NOT_RUN, ""), "no replica tells it"),
        ([scrape(ok=0, timeout=0)], (NOT_RUN, ""), "no message has asked it yet"),
        ([scrape(ok=900, timeout=800)], (HEALTHY, ""), "fared well 100 s ago"),
        ([scrape(ok=900), scrape(timeout=950)], (DEGRADED, "failed"), "was too slow 50 s ago"),
        ([scrape(ok=0, circuit_open=999)], (DEGRADED, "failed"), "was not asked"),
        ([scrape(ok=0, over_budget=999)], (DEGRADED, "failed"), "tokens are used up"),
        ([scrape(timeout=-9000)], (NOT_RUN, ""), "no message"),
    ],
)
def test_the_newest_outcome_of_all_replicas_is_the_models(scrapes, expected, words):
    found = model.judge(scrapes, 1000.0)

    assert seen(found) == expected
    assert words in found.summary


def test_a_failure_of_the_model_that_is_long_past_says_nothing_of_now():
    assert seen(model.judge([scrape(timeout=1000)], 1000 + 1801)) == (HEALTHY, "")
    assert seen(model.judge([scrape(timeout=1000)], 1000 + 1799)) == (DEGRADED, "failed")


def test_a_ready_replica_that_gets_nothing_is_a_closed_slot():
    assert seen(proxy.judge("r", ["api-0", "api-1"], [], 0.1)) == (HEALTHY, "")
    found = proxy.judge("r", ["api-0", "api-1"], ["api-1"], 0.1)
    assert seen(found) == (DEGRADED, "slot")
    assert (found.ill, found.of) == (("api-1",), 2)


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        (None, (HEALTHY, "")),
        (OpenPages(1, 2, 4.9), (HEALTHY, "")),
        (OpenPages(1, 2, 5.1), (UNHEALTHY, "page-waits")),
    ],
)
def test_a_page_of_immediate_danger_must_not_wait(waiting, expected):
    assert seen(pager.judge(["pager-0"], waiting, SETTINGS)) == expected


def test_outside_development_somebody_must_be_called():
    real = Settings.model_validate({"service": {"environment": "production"}})

    assert seen(pager.judge(["pager-0"], None, real)) == (UNHEALTHY, "failed")


@pytest.mark.parametrize(
    ("days", "expected"),
    [(30, (HEALTHY, "")), (13, (DEGRADED, "expires")), (-1, (UNHEALTHY, "expires"))],
)
def test_days_until_the_certificate_expires(days, expected):
    assert seen(certificate.judge(NOW + timedelta(days=days), NOW, HEALTH)) == expected


def test_the_service_runs_without_what_watches_it():
    assert seen(monitoring.judge(["prometheus", "alertmanager"], {})) == (HEALTHY, "")
    found = monitoring.judge(["prometheus", "alertmanager"], {"prometheus": ("hung", "gives no answer")})
    assert seen(found) == (DEGRADED, "hung")
    assert (found.ill, found.of) == (("prometheus",), 2)


def drill(name: str, days: float, outcome: DrillOutcome = DrillOutcome.PASSED) -> DrillResult:
    return DrillResult(name, name, "", NOW - timedelta(days=days), 1.0, "local", "0.1.0-ab", outcome)


@pytest.mark.parametrize(
    ("results", "expected", "words"),
    [
        ([drill("kill-cache", 3)], (HEALTHY, ""), "1 passed"),
        ([drill("kill-cache", 31)], (DEGRADED, "stale"), "kill-cache last passed up to 31 days ago"),
        (
            [drill("kill-cache", 31), drill("kill-proxy", 1, DrillOutcome.FAILED)],
            (DEGRADED, "failed"),
            "kill-proxy failed the last time",
        ),
    ],
)
def test_a_drill_that_failed_or_is_long_ago_proves_nothing(results, expected, words):
    found = drills.judge({result.drill: result for result in results}, NOW, 30)

    assert seen(found) == expected
    assert words in found.summary
