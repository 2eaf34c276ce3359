"""The daemon mends what a killed drill left, and runs what the schedule names, one at a time."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from xiong.config.settings import Settings
from xiong.daemon import drills
from xiong.daemon.drills import DrillKeeper
from xiong.daemon.observation import Observation
from xiong.errors import UnhealthyError
from xiong.model.drill import DrillOutcome, DrillResult, DrillRun
from xiong.model.instance import Instance, InstanceState
from xiong.model.lease import Lease
from xiong.operations.drill import score, standing
from xiong.operations.drill.standing import Standing
from xiong.platforms.onehost.lease import FileLease
from xiong.platforms.onehost.records import FileRecords
from xiong.tools import host
from xiong.tools.clock import SystemClock

SEEN = Observation(datetime.now(UTC))


class Platform:
    """Records, lease and one replica that notes the signals it gets."""

    name = "local"

    def __init__(self, folder: Path) -> None:
        self.records = FileRecords(folder / "records")
        self.file = FileLease(folder)
        self.signals: list[tuple[str, int]] = []

    async def instances(self, _service: str | None = None) -> list[Instance]:
        return [Instance("api-0", "api", None, InstanceState.READY, None, "1@1")]

    async def kill(self, instance: str, number: int) -> None:
        self.signals.append((instance, number))

    async def take_lease(self, wanted: Lease) -> Lease:
        return self.file.take(wanted)

    async def drop_lease(self, token: str) -> None:
        self.file.drop(token)


class Stage:
    """A keeper with a schedule, what it ran, and what it told."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, *schedule: str) -> None:
        self.platform = Platform(folder)
        self.ran: list[str] = []
        self.told: list[str] = []
        self.goes_on = asyncio.Event()
        self.fails: UnhealthyError | None = None
        settings = Settings.model_validate({"drills": {"schedule": schedule, "every_days": 7}})
        self.keeper = DrillKeeper(self.platform, settings, SystemClock(), self.told.append)
        patch.setattr(drills, "run", self._run)

    async def _run(self, *arguments: Any) -> DrillRun:
        (drill,) = arguments[-1]
        self.ran.append(drill.name)
        await self.goes_on.wait()
        if self.fails:
            raise self.fails
        now = datetime.now(UTC)
        return DrillRun(now, 1.0, "local", (result(drill.name, now, DrillOutcome.FAILED),))

    async def act(self, seen: Observation = SEEN) -> None:
        """One cycle, and a moment for what it began."""
        await self.keeper.act(seen)
        for _ in range(5):
            await asyncio.sleep(0)


def result(name: str, at: datetime, outcome: DrillOutcome = DrillOutcome.PASSED) -> DrillResult:
    return DrillResult(f"{at:%Y%m%dT%H%M%SZ}-{name}", name, "", at, 1.0, "local", "", outcome, ("heal: not",))


def left_behind(*, alive: bool) -> Standing:
    """A drill that stopped api-0."""
    now, me = datetime.now(UTC), host.this_process()
    process = me if alive else replace(me, started=me.started - 100)
    note = {"instances": ["api-0"]}
    return Standing("hang-replica", "somebody", process, now, now + timedelta(hours=1), note)


@pytest.fixture
def stage(tmp_path, monkeypatch):
    return lambda *schedule: Stage(tmp_path, monkeypatch, *schedule)


async def test_what_a_killed_drill_stopped_goes_on(stage):
    here = stage()
    await standing.write(here.platform.records, left_behind(alive=False))

    await here.act()

    assert here.platform.signals == [("api-0", signal.SIGCONT)]
    assert await standing.read(here.platform.records) is None
    assert here.told[-1].startswith("undid what `drill hang-replica`")


async def test_a_drill_under_way_is_left_alone(stage):
    here = stage()
    await standing.write(here.platform.records, left_behind(alive=True))

    await here.act()

    assert here.platform.signals == []
    assert await standing.read(here.platform.records) is not None


async def test_without_a_schedule_nothing_is_run(stage):
    here = stage()

    await here.act()

    assert here.ran == []


async def test_a_drill_that_is_due_runs_beside_the_cycles_and_only_once(stage):
    here = stage("kill-proxy", "kill-pager")

    await here.act()
    await here.act()
    here.goes_on.set()
    await here.act()

    assert here.ran == ["kill-proxy"]
    assert here.told == ["drill kill-proxy failed; heal: not"]


async def test_what_ran_lately_and_the_drill_that_ends_the_daemon_are_not_run(stage):
    here = stage("kill-watch", "kill-proxy")
    await score.keep(here.platform.records, result("kill-proxy", datetime.now(UTC) - timedelta(days=2)))

    await here.act()

    assert here.ran == []


async def test_while_somebody_changes_something_no_drill_begins(stage):
    here = stage("kill-proxy")
    now = datetime.now(UTC)
    lease = Lease("a", "somebody", "deploy", now, now + timedelta(minutes=1), "here", 1, 1.0)

    await here.act(replace(SEEN, lease=lease))

    assert here.ran == []


async def test_a_service_that_is_not_well_is_told_and_not_tried_again_at_once(stage):
    here = stage("kill-proxy")
    here.fails = UnhealthyError("no drill on a service that is not well: api")
    here.goes_on.set()

    await here.act()
    await here.act()

    assert here.ran == ["kill-proxy"]
    assert here.told == ["drill kill-proxy was not run: no drill on a service that is not well: api"]
