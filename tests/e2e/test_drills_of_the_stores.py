"""Database, cache, disk, clock, network and release fail one after the other: what is promised is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from copies import Copy
from drilled import drilled_copy, short
from xiong.model.drill import DrillOutcome

pytestmark = pytest.mark.drill
ANYWHERE = (
    "kill-database",
    "hang-database",
    "kill-cache",
    "exhaust-connections",
    "clock-jump",
    "bad-release",
    "slow-release",
)
AS_ROOT = ("fill-disk", "partition")


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with drilled_copy(XIONG_HEALTH__IDLE_IN_TRANSACTION_SECONDS="9") as made:
        yield made


@pytest.mark.parametrize("name", ANYWHERE)
def test_a_drill_passes_and_nothing_is_lost(copy: Copy, name: str):
    made = copy.xiong("drill", name, timeout=220).json

    (result,) = made["results"]
    assert (result["outcome"], result["why"]) == ("passed", [])
    assert (result["load"]["lost"], result["load"]["unanswered"]) == (0, 0)
    assert result["load"]["sent"] > 20


@pytest.mark.parametrize("name", AS_ROOT)
def test_a_drill_that_needs_root_passes_or_says_what_it_needs(copy: Copy, name: str):
    made = copy.xiong("drill", name, timeout=220, expect=None)

    (result,) = made.json["results"]
    if result["outcome"] == "not run":
        assert made.exit_code == 1
        assert result["why"][0].startswith(("it needs", "the kernel"))
    else:
        assert (result["outcome"], result["why"]) == ("passed", [])
        assert (result["load"]["lost"], result["load"]["unanswered"]) == (0, 0)


def test_with_the_healer_switched_off_taken_connections_fail_the_drill_and_are_given_back(copy: Copy):
    copy.xiong("recover", "--pause", "1h", "--reason", "a test")
    try:
        result = short(copy, "exhaust-connections", heal_seconds=15)
    finally:
        copy.xiong("recover", "--resume")

    assert result.outcome is DrillOutcome.FAILED
    assert result.why[0].startswith("heal: not well: database: ")
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    assert copy.sql(idle) == ["0"]
    assert result.load.lost == 0
