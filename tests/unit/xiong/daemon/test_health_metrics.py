"""What `xiong watch` shows of health and recovery: every child from the start, what happened since."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from healing_stage import Stage
from simulated_healing import CHECKS, CYCLE, START, ill
from xiong.daemon.health_metrics import HealthMetrics
from xiong.daemon.observation import Observation
from xiong.daemon.told_metrics import ToldMetrics
from xiong.model.drill import DrillOutcome, DrillResult, Measure
from xiong.model.recovery import Condition
from xiong.operations.drill import score
from xiong.operations.notices import tell
from xiong.operations.recovery.guards import GUARDS
from xiong.operations.recovery.pause import pause

HUNG = ill("api", "hung", "api-1", of=2)


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "state")


def shown(*collectors) -> dict[str, float]:
    """{sample as Prometheus writes it: value}."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_everything_is_there_before_anything_was_seen():
    values = shown(HealthMetrics(CHECKS, CYCLE))

    for check in CHECKS:
        assert values[f'xiong_check_status{{check="{check.name}"}}'] == -1
        assert values[f'xiong_check_last_timestamp_seconds{{check="{check.name}"}}'] == 0
        assert values[f'xiong_recovery_escalations_total{{check="{check.name}"}}'] == 0
        for guard in GUARDS:
            assert values[f'xiong_recovery_refusals_total{{check="{check.name}",guard="{guard}"}}'] == 0
    name = 'xiong_recovery_actions_total{action="roll-back",check="api",outcome="failed"}'
    assert values[name] == 0
    assert values["xiong_recovery_paused"] == 0


async def test_what_was_found_decided_and_done_is_shown(stage):
    stage.ails["api"] = HUNG

    await stage.cycles(5)

    values = shown(stage.metrics)
    assert values['xiong_check_status{check="api"}'] == 2
    assert values['xiong_check_status{check="disk"}'] == 0
    assert values['xiong_check_last_timestamp_seconds{check="api"}'] == START.timestamp() + 20
    done = 'xiong_recovery_actions_total{action="restart-replica",check="api",outcome="done"}'
    assert values[done] == 1
    conditions = {c: values[f'xiong_recovery_condition{{check="api",condition="{c}"}}'] for c in Condition}
    assert conditions == {
        Condition.HEALTHY: 0,
        Condition.SUSPECT: 0,
        Condition.OBSERVING: 1,
        Condition.FROZEN: 0,
    }


async def test_a_guard_that_goes_on_refusing_is_counted_once(stage):
    stage.ails |= {"api": HUNG, "database": ill("database", "hung")}

    await stage.cycles(30)

    values = shown(stage.metrics)
    assert values['xiong_recovery_refusals_total{check="api",guard="root-cause"}'] == 1
    assert values['xiong_recovery_escalations_total{check="database"}'] == 1


async def test_actions_of_an_earlier_daemon_are_not_counted_again(stage):
    stage.ails["api"] = HUNG
    stage.cures = True
    await stage.cycles(5)

    stage.begin()
    await stage.cycles(2)

    done = 'xiong_recovery_actions_total{action="restart-replica",check="api",outcome="done"}'
    assert shown(stage.metrics)[done] == 0


async def test_a_pause_is_shown_while_it_lasts(stage):
    await pause(stage.place.records, stage.clock, timedelta(seconds=12))

    await stage.cycles(2)
    assert shown(stage.metrics)["xiong_recovery_paused"] == 1
    await stage.cycles(2)
    assert shown(stage.metrics)["xiong_recovery_paused"] == 0


async def test_notices_and_drills_are_shown_by_their_records(stage):
    told = ToldMetrics(stage.place.records, ["kill-replica", "fill-disk"], timedelta(days=30))
    heal = Measure("heal", 4.5, 10.0)
    await score.keep(
        stage.place.records,
        DrillResult(
            "1", "kill-replica", "t", START, 60.0, "stage", "r", DrillOutcome.PASSED, measures=(heal,)
        ),
    )
    await tell(stage.place, stage.settings, stage.clock, "a title", "a body", "a key")

    await told.read(Observation(START))

    values = shown(told)
    assert values['xiong_notices_total{outcome="recorded"}'] == 1
    assert values["xiong_notice_oldest_waiting_timestamp_seconds"] == 0
    assert values['xiong_drill_last_timestamp_seconds{drill="kill-replica"}'] == START.timestamp() + 60
    assert values['xiong_drill_last_passed{drill="kill-replica"}'] == 1
    assert values['xiong_drill_heal_seconds{drill="kill-replica"}'] == 4.5
    assert values['xiong_drill_last_timestamp_seconds{drill="fill-disk"}'] == 0
    assert values["xiong_drill_stale_seconds"] == 30 * 86400
