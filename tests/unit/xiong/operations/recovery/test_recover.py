"""A human asks for a cure: at once, but within every guard; and the daemon takes notice."""

import pytest

from healing_stage import Stage
from simulated_healing import ill
from xiong.errors import UsageError
from xiong.model.recovery import ActionOutcome
from xiong.operations.leasing import hold_lease
from xiong.operations.recovery.guards import GUARDS
from xiong.tools.clock import SystemClock

HUNG = ill("api", "hung", "api-1", of=2)


@pytest.fixture
def stage(tmp_path):
    made = Stage(tmp_path / "state")
    made.ails["api"] = HUNG
    return made


async def test_one_call_cures_at_the_first_look_and_shows_every_guard(stage):
    stage.cures = True

    made = await stage.recover()

    assert made.healthy
    assert made.action is not None
    assert made.action.outcome is ActionOutcome.DONE
    assert [v.guard for v in made.decisions[0].guards] == list(GUARDS)


async def test_all_well_is_nothing_to_do(stage):
    del stage.ails["api"]

    made = await stage.recover()

    assert (made.healthy, made.decisions, made.action) == (True, (), None)


async def test_what_could_not_be_cured_is_still_ill(stage):
    made = await stage.recover()

    assert (made.healthy, made.ill) == (False, ("api",))
    assert stage.done == ["restart-replica api-1"]


async def test_whoever_asks_again_gets_the_next_rung_also_without_a_daemon(stage):
    await stage.recover()
    stage.clock.seconds += 90

    await stage.recover()

    assert stage.done == ["restart-replica api-1", "replace-replica api-1"]


async def test_whoever_asks_again_too_soon_is_refused_in_words(stage):
    await stage.recover()

    made = await stage.recover()

    assert stage.done == ["restart-replica api-1"]
    assert "back-off: restart-replica" in made.decisions[0].why


async def test_shadow_says_what_would_be_done_and_leaves_no_trace(stage):
    made = await stage.recover(shadow=True)

    assert made.action is not None
    assert (made.action.outcome, made.action.detail) == (ActionOutcome.SHADOW, "would cure api")
    assert (stage.done, await stage.records()) == ([], [])


async def test_only_what_was_asked_about_is_cured(stage):
    stage.ails["pager"] = ill("pager")

    made = await stage.recover("pager")

    assert stage.done == ["restart-process"]
    assert made.ill == ("pager",)


async def test_while_another_verb_works_nothing_is_done(stage):
    async with hold_lease(stage.place, "deploy 0.2", 3600, SystemClock()):
        made = await stage.recover()

    assert stage.done == []
    assert made.lease.startswith("deploy 0.2 by ")


async def test_an_unknown_check_is_named_with_those_that_there_are(stage):
    with pytest.raises(UsageError, match="disk, database"):
        await stage.recover("nothing")


async def test_the_daemon_counts_what_a_human_did(stage):
    await stage.recover()

    await stage.cycles(5)

    assert stage.done == ["restart-replica api-1"]
    assert (await stage.records())[0].action == "restart-replica"
