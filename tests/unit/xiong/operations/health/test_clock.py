"""How a clock that was set is seen, without setting one."""

from datetime import UTC, datetime

import pytest

from console_stage import SmallPlatform
from xiong.config.settings import Settings
from xiong.model.health import Finding, Verdict
from xiong.operations.health.checks import clock
from xiong.operations.health.memory import Memory
from xiong.operations.health.scene import Scene


class TwoClocks:
    """A wall clock and a monotonic one that a test turns on apart from each other."""

    wall, passed = 1_780_000_000.0, 500.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.go(seconds)

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


@pytest.fixture
def platform(tmp_path) -> SmallPlatform:
    return SmallPlatform(tmp_path, "http://127.0.0.1:1")


@pytest.fixture
def looked(platform):
    """Looks with one memory and one pair of clocks."""
    clocks, memory = TwoClocks(), Memory()

    async def look() -> Finding:
        async with Scene(platform, Settings(), clocks, memory) as scene:
            return await clock.look(scene)

    look.clocks = clocks
    return look


async def test_a_clock_that_goes_on_as_time_does_is_healthy(looked):
    for seconds in (0, 5, 3600):
        looked.clocks.go(seconds)
        assert (await looked()).verdict is Verdict.HEALTHY


@pytest.mark.parametrize(("jump", "word"), [(30, "forward by 30 s"), (-7200, "back by 2.0 h")])
async def test_a_clock_that_was_set_is_told_for_a_minute(looked, jump, word):
    await looked()
    looked.clocks.go(5)
    looked.clocks.wall += jump

    found = await looked()

    assert (found.verdict, found.cause) == (Verdict.DEGRADED, "skew")
    assert word in found.summary
    looked.clocks.go(50)
    assert (await looked()).cause == "skew"
    looked.clocks.go(15)
    assert (await looked()).verdict is Verdict.HEALTHY


async def test_a_small_correction_is_no_step(looked):
    await looked()
    looked.clocks.go(5)
    looked.clocks.wall += 4.9

    assert (await looked()).verdict is Verdict.HEALTHY


async def test_what_a_drill_simulates_is_seen_and_called_so(looked, platform):
    await platform.records.write("drill", "clock-offset", {"seconds": -90})

    found = await looked()

    assert (found.verdict, found.cause) == (Verdict.DEGRADED, "skew")
    assert "differ by 90.0 s (simulated" in found.summary
