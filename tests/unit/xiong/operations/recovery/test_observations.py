"""Observations are kept when something differs, else each minute, for a week; and read again as they were."""

from dataclasses import replace
from datetime import timedelta

import pytest

from simulated_healing import START, ill
from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.recovery.observations import (
    KEPT_HOURS,
    Observation,
    ObservationLog,
    compact,
    recorded,
)
from xiong.platforms.onehost.records import FileRecords

WELL = Finding("api", Verdict.HEALTHY, "2 of 2 answer", "xiong status", (Figure("replicas", 2),), seconds=0.1)


@pytest.fixture
def records(tmp_path):
    return FileRecords(tmp_path)


def at(seconds: float, *findings: Finding, **more) -> Observation:
    return Observation(START + timedelta(seconds=seconds), findings or (WELL,), **more)


async def kept(records, *observations: Observation) -> list[float]:
    """The seconds of those that were recorded."""
    log = ObservationLog(records)
    for seen in observations:
        await log.keep(seen)
    return [(seen.at - START).total_seconds() for seen in await recorded(records)]


async def test_while_nothing_differs_one_a_minute_is_kept(records):
    looks = [at(s, replace(WELL, summary=f"answered in {s} ms")) for s in range(0, 181, 5)]

    assert await kept(records, *looks) == [0, 60, 120, 180]


@pytest.mark.parametrize(
    "other",
    [
        at(5, ill("api", "hung", "api-1", of=2)),
        at(5, replace(WELL, verdict=Verdict.DEGRADED)),
        at(5, lease="deploy"),
        at(5, paused_until=START + timedelta(hours=1)),
        at(5, acting="restart-replica api-1"),
    ],
)
async def test_whatever_differs_is_kept_at_once(records, other):
    assert await kept(records, at(0), other, replace(other, at=START + timedelta(seconds=10))) == [0, 5]


async def test_what_is_kept_is_read_as_it_was_but_for_figures_and_hints(records):
    seen = at(
        0,
        WELL,
        ill("database", "down"),
        standing={"database": START - timedelta(seconds=30)},
        lease="deploy",
        deployed_at=START,
    )

    await ObservationLog(records).keep(seen)

    assert await recorded(records) == [compact(seen)]


async def test_a_log_that_begins_anew_goes_on_in_the_same_hour(records):
    await kept(records, at(0))

    assert await kept(records, at(1)) == [0, 1]


async def test_a_week_is_kept(records):
    log = ObservationLog(records)
    for hour in range(KEPT_HOURS + 3):
        await log.keep(at(3600 * hour))

    names = await records.names("observations")

    assert len(names) == KEPT_HOURS
    assert names[0] == "2026-03-01T15"
