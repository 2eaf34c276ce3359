"""A fault counts as seen when the daemon's own records say so, and not before it began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from xiong.operations.drill.drill import Seen
from xiong.operations.drill.sightings import first_seen, first_told
from xiong.platforms.onehost.records import FileRecords

BLOW = datetime(2026, 3, 2, 10, 59, 58, tzinfo=UTC)
HUNG = Seen("api", ("hung",))


@pytest.fixture
def records(tmp_path) -> FileRecords:
    return FileRecords(tmp_path)


def observation(seconds: float, check: str = "api", verdict: str = "degraded", cause: str = "hung") -> dict:
    at = (BLOW + timedelta(seconds=seconds)).isoformat()
    return {"at": at, "findings": [{"check": check, "verdict": verdict, "cause": cause}]}


async def observed(records: FileRecords, hour: str, *observations: dict) -> None:
    await records.write("observations", hour, {"observations": list(observations)})


async def test_the_first_look_after_the_blow_that_found_it_counts_also_in_the_next_hour(records):
    await observed(records, "2026-03-02T10", observation(-5), observation(1, verdict="healthy"))
    await observed(records, "2026-03-02T11", observation(4), observation(9))

    assert await first_seen(records, HUNG, BLOW) == BLOW + timedelta(seconds=4)


@pytest.mark.parametrize(
    "other",
    [
        observation(1, check="proxy"),
        observation(1, cause="crash-loop"),
        observation(1, verdict="healthy", cause="hung"),
        observation(-1),
    ],
)
async def test_another_finding_is_no_sighting(records, other):
    await observed(records, "2026-03-02T10", other)

    assert await first_seen(records, HUNG, BLOW) is None


async def test_operators_count_as_told_once_a_notice_about_that_check_is_recorded(records):
    for name, key, seconds in (("1", "database-hung", -60), ("2", "api-hung", 5), ("3", "database-hung", 20)):
        at = (BLOW + timedelta(seconds=seconds)).isoformat()
        await records.write("notices", name, {"at": at, "key": key})

    assert await first_told(records, "database", BLOW) == BLOW + timedelta(seconds=20)
    assert await first_told(records, "cache", BLOW) is None
