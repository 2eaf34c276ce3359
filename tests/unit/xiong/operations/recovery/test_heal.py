"""The healer over real records: what it does is written before and after, and outlives it."""

import asyncio
from datetime import timedelta

import pytest

from healing_stage import FULL, Stage
from simulated_healing import ill
from xiong.daemon.observation import Observation
from xiong.errors import LeaseHeldError, PlatformError
from xiong.model.health import Verdict
from xiong.model.recovery import ActionOutcome
from xiong.operations.leasing import hold_lease
from xiong.operations.recovery.pause import pause, resume
from xiong.tools.clock import SystemClock

HUNG = ill("api", "hung", "api-1", of=2)


@pytest.fixture
def stage(tmp_path):
    made = Stage(tmp_path / "state")
    made.ails["api"] = HUNG
    return made


async def test_an_action_is_recorded_with_what_was_found_before_and_after(stage):
    stage.cures = True

    await stage.cycles(4)

    [record] = await stage.records()
    assert (record.action, record.target, record.outcome) == ("restart-replica", "api-1", ActionOutcome.DONE)
    assert record.before == HUNG
    assert record.after is not None
    assert record.after.verdict is Verdict.HEALTHY
    assert record.blast_radius == "what restart-replica disturbs"
    assert await stage.alarms() == []


async def test_an_action_that_fails_is_recorded_and_the_next_rung_is_taken(stage):
    stage.fails = PlatformError("no such process")

    await stage.cycles(30)

    records = await stage.records()
    assert [(r.action, r.outcome, r.detail) for r in records] == [
        ("restart-replica", ActionOutcome.FAILED, "no such process"),
        ("replace-replica", ActionOutcome.FAILED, "no such process"),
    ]


async def test_cycles_go_on_while_an_action_takes_its_time(stage):
    stage.holds = asyncio.Event()

    await stage.cycles(10)
    assert stage.healing._healer.acting == "restart-replica api-1"
    assert [r.outcome for r in await stage.records()] == [ActionOutcome.BEGUN]
    stage.holds.set()
    await stage.cycles(1)

    assert [r.outcome for r in await stage.records()] == [ActionOutcome.DONE]
    assert stage.done == ["restart-replica api-1"]


async def test_an_action_that_takes_too_long_is_given_up(tmp_path):
    stage = Stage(tmp_path / "state", action_seconds=0.01)
    stage.ails["api"] = HUNG
    stage.holds = asyncio.Event()
    await stage.cycles(3)

    async with asyncio.timeout(10):
        while (await stage.records())[0].outcome is ActionOutcome.BEGUN:
            await asyncio.sleep(0)

    assert (await stage.records())[0].detail == "not done within 0.01 s"


async def test_a_daemon_that_was_killed_in_the_middle_of_an_action_goes_on_and_counts_it(stage):
    stage.holds = asyncio.Event()
    await stage.cycles(3)
    assert [r.outcome for r in await stage.records()] == [ActionOutcome.BEGUN]

    stage.begin()
    stage.holds = None
    await stage.cycles(12)
    assert stage.done == ["restart-replica api-1"]
    await stage.cycles(3)

    assert stage.done == ["restart-replica api-1", "replace-replica api-1"]


async def test_a_daemon_that_is_killed_in_every_cycle_tells_people_once_and_keeps_its_limits(stage):
    for _ in range(60):
        await stage.cycles(1)
        stage.begin()

    assert stage.done == ["restart-replica api-1", "replace-replica api-1"]
    assert await stage.alarms() == ["api needs a human: hung"]


async def test_an_action_that_met_another_verb_was_never_begun(stage):
    stage.fails = LeaseHeldError("deploy is at work")
    await stage.cycles(3)
    assert await stage.records() == []
    stage.fails = None

    await stage.cycles(8)

    assert [r.outcome for r in await stage.records()] == [ActionOutcome.DONE]
    assert stage.told[1] == "api: restart-replica api-1 (hung): not now, deploy is at work"


async def test_shadow_decides_as_usual_and_touches_nothing(tmp_path):
    stage = Stage(tmp_path / "state", shadow=True)
    stage.ails["api"] = HUNG

    await stage.cycles(60)

    assert stage.done == []
    assert [(r.action, r.outcome, r.detail) for r in await stage.records()] == [
        ("restart-replica", ActionOutcome.SHADOW, "would cure api"),
        ("replace-replica", ActionOutcome.SHADOW, "would cure api"),
    ]
    assert await stage.alarms() == ["api needs a human: hung"]


async def test_what_was_only_thought_of_counts_no_more_once_it_is_meant(tmp_path):
    stage = Stage(tmp_path / "state", shadow=True)
    stage.ails["api"] = HUNG
    await stage.cycles(60)

    stage.settings = Stage(tmp_path / "state").settings
    stage.begin()
    await stage.cycles(4)

    assert stage.done == ["restart-replica api-1"]


async def test_switched_off_it_looks_and_does_nothing(tmp_path):
    stage = Stage(tmp_path / "state", enabled=False)
    stage.ails["api"] = HUNG

    await stage.cycles(60)

    assert (stage.done, await stage.alarms()) == ([], [])
    assert (await stage.place.records.read("recovery", "health"))["verdict"] == "unhealthy"
    assert len(await stage.place.records.names("observations")) == 1


async def test_a_pause_and_its_end_reach_the_daemon(stage):
    await pause(stage.place.records, stage.clock, timedelta(hours=1), "maintenance")
    await stage.cycles(20)
    assert stage.done == []

    await resume(stage.place.records, stage.clock)
    await stage.cycles(4)
    assert stage.done == ["restart-replica api-1"]


async def test_a_full_disk_does_not_keep_from_acting(stage, monkeypatch):
    async def full(*_):
        raise FULL

    await stage.cycles(2)
    monkeypatch.setattr(stage.place.records, "write", full)
    for step in (stage.healing.look, stage.healing.heal):
        with pytest.raises(PlatformError, match="No space left"):
            await step(Observation(stage.clock.now()))
    for _ in range(20):
        await asyncio.sleep(0)

    assert stage.done == ["restart-replica api-1"]


async def test_a_notice_that_could_not_be_kept_is_kept_in_a_later_cycle_and_only_once(stage, monkeypatch):
    write = stage.place.records.write

    async def refuses_notices(kind, name, document):
        if kind == "notices":
            raise FULL
        await write(kind, name, document)

    monkeypatch.setattr(stage.place.records, "write", refuses_notices)
    await stage.cycles(60)
    assert "people could not be told: cannot write: No space left on device" in stage.told
    assert await stage.alarms() == []

    monkeypatch.setattr(stage.place.records, "write", write)
    await stage.cycles(5)
    assert await stage.alarms() == ["api needs a human: hung"]


async def test_the_last_decisions_are_shown_with_every_guard(stage):
    async with hold_lease(stage.place, "deploy 0.2", 3600, SystemClock()):
        await stage.cycles(4)

    shown = await stage.place.records.read("recovery", "decisions")

    [decision] = shown["decisions"]
    assert decision["check"] == "api"
    assert [v["guard"] for v in decision["guards"] if not v["passed"]] == ["lease"]
    assert shown["shadow"] is False


async def test_a_frozen_check_is_told_with_what_was_tried_and_what_to_type(stage):
    await stage.cycles(60)

    [name] = await stage.place.records.names("notices")
    body = (await stage.place.records.read("notices", name))["body"]

    assert "Found: api is hung" in body
    assert "restart-replica api-1 at 12:00:10, replace-replica api-1 at 12:01:" in body
    assert "xiong recover --resume" in body
