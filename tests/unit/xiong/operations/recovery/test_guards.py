"""Each guard refuses when it must, says why with its numbers, and lets go when it may."""

from datetime import timedelta
from itertools import pairwise

import pytest

from simulated_healing import START, Simulation, ill, policy
from xiong.operations.recovery.guards import GUARDS

HUNG = ill("api", "hung", "api-1", of=2)
PATIENT = {"cooldown_seconds": 0, "backoff_factor": 1, "window_seconds": 0, "jitter": 0}


def why(run: Simulation, guard: str, check: str = "api") -> str:
    return next(v.why for v in run.decision(check).guards if v.guard == guard)


def test_every_guard_is_asked_also_when_an_earlier_one_refuses():
    run = Simulation().run(15, [HUNG], paused_until=START + timedelta(hours=1), lease="deploy 1 by me")

    assert [v.guard for v in run.decision("api").guards] == list(GUARDS)
    assert run.refusals("api") == {"lease", "pause"}
    assert all(v.why for v in run.decision("api").guards)


def test_while_somebody_else_is_at_work_nothing_is_done_and_nobody_is_told():
    run = Simulation().run(600, [HUNG, ill("clock", "skew")], lease="deploy 0.2 by ops@host pid 7")

    assert (run.actions, run.alarms) == ([], [])
    assert why(run, "lease") == "held: deploy 0.2 by ops@host pid 7"


def test_after_a_deploy_what_it_stirred_up_may_settle_first():
    run = Simulation().run(60, [HUNG], lease="deploy 0.2 by ops@host pid 7").run(25, [HUNG])
    assert run.actions == []

    run.run(10, [HUNG])
    assert run.actions == ["restart-replica api-1"]


@pytest.mark.parametrize("purpose", ["heal: restart-replica api-1", "drill kill-replica"])
def test_what_is_no_change_of_the_service_leaves_nothing_to_settle(purpose):
    run = Simulation().run(15, [HUNG], lease=f"{purpose} by root@host pid 7").run(5, [HUNG])

    assert run.actions == ["restart-replica api-1"]


def test_a_pause_holds_until_its_end():
    pause = {"paused_until": START + timedelta(minutes=2)}
    run = Simulation().run(120, [HUNG, ill("clock", "skew")], **pause)
    assert (run.actions, run.alarms) == ([], [])
    assert why(run, "pause") == "paused until 2026-03-01 12:02:00 UTC (xiong recover --resume)"

    run.run(5, [HUNG, ill("clock", "skew")], **pause)
    assert run.actions == ["restart-replica api-1"]
    assert run.alarms == ["clock"]


def test_when_most_instances_look_ill_none_is_touched_and_people_are_told_once():
    run = Simulation().run(600, [ill("api", "hung", "api-1", "api-2", of=3)])

    assert run.actions == []
    assert run.alarms == ["api"]
    assert why(run, "healthy-fraction") == "1 of 3 are well (33%); at least 50% must be"


def test_once_most_are_well_again_the_last_one_is_treated():
    run = Simulation().run(60, [ill("api", "hung", "api-1", "api-2", of=3)])

    run.run(60, [ill("api", "hung", "api-2", of=3)])

    assert run.actions == ["restart-replica api-2"]
    assert run.alarms == ["api"]


def test_what_is_about_no_instance_is_done_whatever_the_fraction():
    run = Simulation().run(15, [ill("api", "crash-loop", "api-1", "api-2", of=2)], deployed_at=START)

    assert run.actions == ["roll-back"]


def test_the_back_off_doubles_with_each_action_that_did_not_help():
    many = ill("api", "hung", "api-1", "api-2", "api-3", of=9)

    run = Simulation(policy(per_component=9, global_actions=9, storm_actions=9, jitter=0)).run(900, [many])

    times = [at for at, _ in run.acts]
    assert [b - a for a, b in pairwise(times)] == [60, 120, 240]


def test_the_jitter_only_ever_adds_and_is_the_same_each_time():
    rules = policy(jitter=0.2)

    waits = {rules.patience(check, 1) for check in ("api", "proxy", "pager")}

    assert len(waits) == 3
    assert all(timedelta(seconds=60) <= wait <= timedelta(seconds=72) for wait in waits)
    assert waits == {policy(jitter=0.2).patience(check, 1) for check in ("api", "proxy", "pager")}


def test_the_back_off_ends_growing_at_its_longest():
    assert policy(jitter=0).patience("api", 500) == timedelta(seconds=1800)


def test_the_budget_of_all_checks_together_holds_and_tells_people():
    rules = policy(**PATIENT, global_actions=2, storm_actions=9)
    run = Simulation(rules).run(60, [ill("disk", "disk-full")]).run(60).run(60, [ill("cache")]).run(60)
    assert len(run.actions) == 2

    run.run(120, [ill("proxy")])

    assert len(run.actions) == 2
    assert run.alarms[-1] == "proxy"
    assert why(run, "global-budget", "proxy") == "2 of 2 in 60 min"


def test_a_storm_of_actions_is_followed_by_a_rest():
    rules = policy(**PATIENT, storm_actions=3, storm_minutes=5, storm_cooldown_minutes=15, per_component=9)
    faults = [ill("disk", "disk-full")], [ill("cache")], [ill("proxy")]
    run = Simulation(rules)
    for fault in faults:
        run.run(15, fault).run(15)
    assert len(run.actions) == 3
    stormy = run.acts[-1][0]

    run.run(1200, [ill("pager")])

    assert run.actions[-1] == "restart-process"
    assert run.acts[-1][0] == stormy + 15 * 60
    assert run.alarms == ["pager"]


def test_what_is_being_carried_out_keeps_others_waiting():
    run = Simulation().run(60, [HUNG], acting="roll-back")

    assert run.actions == []
    assert why(run, "one-at-a-time") == "roll-back is being carried out"
