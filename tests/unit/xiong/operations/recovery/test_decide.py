"""The healer's state machine, in simulated time: what it does about each kind of fault, and what never."""

from dataclasses import replace
from datetime import timedelta

from simulated_healing import START, Simulation, ill, policy
from xiong.model.documents import from_document, to_document
from xiong.model.health import Finding, Verdict
from xiong.model.recovery import Condition
from xiong.operations.recovery.memory import Memory

HUNG = ill("api", "hung", "api-1", of=2)


def test_one_failed_look_is_no_fault():
    run = Simulation().run(10, [HUNG]).run(60)

    assert run.actions == []
    assert run.condition("api") is Condition.HEALTHY


def test_a_fault_is_acted_on_at_the_third_failed_look_and_is_over_after_a_full_window():
    run = Simulation().run(15, [HUNG])

    assert run.actions == ["restart-replica api-1"]
    assert run.condition("api") is Condition.OBSERVING

    run.run(30)
    assert run.condition("api") is Condition.OBSERVING
    run.run(5)
    assert run.condition("api") is Condition.HEALTHY
    assert run.alarms == []


def test_an_action_gets_the_whole_window_to_take_effect_also_without_a_cooldown():
    run = Simulation(policy(cooldown_seconds=0, window_seconds=60)).run(15, [HUNG])

    run.run(50, [HUNG])
    assert run.actions == ["restart-replica api-1"]
    assert run.decision("api").why == "an action 50 s ago has 60 s to take effect"
    run.run(20, [HUNG])
    assert run.actions == ["restart-replica api-1", "replace-replica api-1"]


def test_a_replica_that_falls_ill_again_within_the_window_has_not_recovered():
    run = Simulation().run(15, [HUNG]).run(20).run(5, [HUNG]).run(25)

    assert run.condition("api") is Condition.OBSERVING


def test_the_ladder_goes_up_a_rung_each_time_and_ends_with_people():
    run = Simulation().run(1800, [HUNG])

    assert run.actions == ["restart-replica api-1", "replace-replica api-1"]
    assert run.alarms == ["api"]
    assert run.condition("api") is Condition.FROZEN
    assert "roll-back: no deploy put this release here" in run.told[0][1].why


def test_a_young_release_is_rolled_back_once_nothing_milder_helped():
    young = Simulation(policy(per_component=5, young_release_minutes=15)).run(
        1800, [HUNG], deployed_at=START - timedelta(minutes=1)
    )

    assert young.actions == ["restart-replica api-1", "replace-replica api-1", "roll-back"]
    assert young.alarms == ["api"]


def test_two_ill_replicas_are_treated_in_turns():
    both = ill("api", "hung", "api-1", "api-2", of=5)

    run = Simulation(policy(per_component=4, cooldown_seconds=40, backoff_factor=1, storm_actions=9)).run(
        300, [both]
    )

    assert run.actions == [
        "restart-replica api-1",
        "restart-replica api-2",
        "replace-replica api-1",
        "replace-replica api-2",
    ]


def test_an_action_that_is_done_to_a_process_names_it_whatever_the_others_are_like():
    run = Simulation().run(60, [ill("pager", "down", "pager-0", "pager-1", of=2)])

    assert run.actions == ["restart-process pager-0"]


def test_a_database_that_is_away_for_half_an_hour_restarts_no_replica_and_tells_people_once():
    def world(at: float) -> list[Finding]:
        if at >= 1800:
            return []
        return [ill("database"), ill("api", "hung", "api-1", "api-2", of=2), ill("pager"), ill("proxy")]

    run = Simulation().run(3600, world)

    assert run.actions == ["restart-store"]
    assert run.alarms == ["database"]
    assert {c.condition for c in run.memory.checks.values()} == {Condition.HEALTHY}


def test_a_crash_looping_release_is_frozen_with_one_alarm():
    loop = ill("api", "crash-loop", "api-1", "api-2", of=2)

    run = Simulation().run(3600, [loop])

    assert run.actions == []
    assert run.alarms == ["api"]
    assert run.condition("api") is Condition.FROZEN


def test_a_crash_looping_young_release_is_rolled_back_at_once_and_only_once():
    loop = ill("api", "crash-loop", "api-1", "api-2", of=2)

    run = Simulation().run(900, [loop], deployed_at=START)

    assert run.actions == ["roll-back"]
    assert run.acts[0][0] == 10
    assert run.alarms == ["api"]


def test_people_who_could_not_be_told_of_a_frozen_check_are_told_once_when_they_can():
    run = Simulation().run(1800, [HUNG])
    run.memory = run.memory.having(replace(run.memory.of("api"), escalated=False))

    run.run(300, [HUNG])

    assert run.alarms == ["api", "api"]


def test_a_replica_that_comes_back_again_and_again_is_frozen_when_its_budget_is_spent():
    def world(at: float) -> list[Finding]:
        return [HUNG] if at % 70 < 20 else []  # well for 50 s each time, so that each is a fault of its own

    run = Simulation(policy(cooldown_seconds=10, jitter=0, storm_actions=9)).run(600, world)

    assert len(run.actions) == 3
    frozen = [d for _, d in run.told]
    assert [d.check for d in frozen][:1] == ["api"]
    assert "component-budget: 3 of 3 in 10 min" in frozen[0].why


def test_a_victim_is_left_alone_also_while_its_dependency_comes_back():
    run = Simulation().run(120, [ill("database"), HUNG])
    assert run.decision("api").action is None
    assert run.refusals("api") >= {"root-cause"}
    acted = len(run.actions)

    run.run(25, [HUNG])

    assert len(run.actions) == acted
    assert "database was unhealthy" in run.decision("api").why


def test_a_victim_that_stays_ill_by_itself_is_treated_in_the_end():
    run = Simulation().run(120, [ill("database"), HUNG]).run(60, [HUNG])

    assert run.actions == ["restart-store", "restart-replica api-1"]


def test_a_degraded_dependency_does_its_work_and_explains_nothing():
    run = Simulation().run(15, [ill("database", "vectors", degraded=True), HUNG])

    assert run.actions == ["restart-replica api-1"]


def test_what_is_degraded_is_acted_on_only_where_something_can_be_done():
    run = Simulation().run(
        300,
        [ill("clock", "unknown", degraded=True), ill("database", "idle-in-transaction", degraded=True)],
    )

    assert run.actions == ["cancel-idle-sessions"]
    assert run.alarms == ["database"]


def test_a_degraded_check_whose_cause_is_named_without_an_action_is_for_people():
    run = Simulation().run(300, [ill("clock", "skew", degraded=True)])

    assert run.alarms == ["clock"]


def test_a_dependency_that_was_not_looked_at_since_is_waited_for():
    run = Simulation()
    for _ in range(6):
        run.cycle(HUNG, standing={"database": START - timedelta(seconds=1)})
        run.seconds += 5
    assert run.actions == []
    assert run.decision("api").why == ("not its own fault: database was not looked at since this began")

    run.run(15, [HUNG])
    assert run.actions == ["restart-replica api-1"]


def test_a_finding_that_only_stands_is_no_further_failed_look():
    run = Simulation()
    run.cycle(HUNG)
    for _ in range(20):
        run.seconds += 5
        run.cycle(HUNG, standing={"api": START})

    assert run.actions == []


def test_a_check_that_could_not_look_changes_nothing():
    blind = Finding("api", Verdict.NOT_RUN, "not here")

    run = Simulation().run(120, [blind])

    assert (run.actions, run.alarms, run.last) == ([], [], ())


def test_where_no_action_can_help_people_are_told_once_and_again_only_after_it_was_well():
    skewed = [ill("clock", "skew")]

    run = Simulation().run(600, skewed).run(20).run(60, skewed)
    assert run.alarms == ["clock"]

    run.run(60).run(60, skewed)
    assert run.alarms == ["clock", "clock"]


def test_a_frozen_check_is_looked_after_again_once_a_human_resumes_and_no_alarm_is_repeated():
    run = Simulation().run(1200, [HUNG])
    assert run.condition("api") is Condition.FROZEN
    resumed = run.now

    run.run(600, [HUNG], resumed_at=resumed)

    assert run.actions == ["restart-replica api-1", "replace-replica api-1"] * 2
    assert run.alarms == ["api"]


def test_one_action_at_a_time_over_all():
    run = Simulation().run(60, [ill("cache"), ill("pager")])

    assert [f"{at:.0f} {d.check}" for at, d in run.acts] == ["10 cache", "40 pager"]


def test_a_memory_that_a_death_left_goes_on_as_if_nothing_had_been():
    def world(at: float) -> list[Finding]:
        return [HUNG, ill("clock", "skew")] if at < 900 else []

    whole, killed = Simulation(), Simulation()
    whole.run(1200, world)
    for _ in range(1200 // 5):
        killed.run(5, world)
        killed.memory = from_document(Memory, to_document(killed.memory))

    assert killed.acts == whole.acts
    assert killed.told == whole.told


def test_a_human_who_asks_waits_for_no_second_look_and_every_guard_holds():
    run = Simulation(policy(asked=["api"]))
    run.cycle(HUNG)
    assert run.actions == ["restart-replica api-1"]

    run.seconds += 31
    run.cycle(HUNG)
    assert run.actions == ["restart-replica api-1"]
    assert run.refusals("api") == {"back-off"}


def test_a_human_is_asked_about_nothing_else_and_told_without_a_notice():
    run = Simulation(policy(asked=["clock"]))

    decisions = run.cycle(HUNG, ill("clock", "skew"))

    assert [d.check for d in decisions] == ["clock"]
    assert run.refusals("clock") == {"action-allowed"}
    assert run.alarms == []
