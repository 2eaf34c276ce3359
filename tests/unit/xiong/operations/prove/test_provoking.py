"""A scenario as exporters: before it begins, while it plays, and once it is healed."""

from datetime import UTC, datetime

import pytest

from xiong.operations.prove import scenarios
from xiong.operations.prove.provoking import Provocation, Target
from xiong.operations.prove.scenarios import Scenario
from xiong.operations.prove.series import parse

API = 'job="xiongichat-api",instance="a:1"'


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def playing(clock: HandClock, *series: tuple[str, str], factor: float = 60) -> Provocation:
    scenario = Scenario("a case", 30.0, 600.0, tuple(parse(*one) for one in series))
    return Provocation(scenario, factor, clock)


def scraped(provocation: Provocation, job: str = "xiongichat-api", instance: str = "a:1") -> list[str]:
    answer = provocation.answer(provocation.number(Target(job, instance)))
    assert answer.status == 200
    return answer.body.decode().splitlines()


def test_before_the_beginning_only_counters_are_shown_as_they_are_at_first(clock):
    played = playing(clock, (f"a_total{{{API}}}", "0x4 1x4"), (f"a_gauge{{{API}}}", "95x9"))

    assert scraped(played) == ["a_total{} 0.0"]


def test_a_scenario_plays_faster_than_its_own_pace(clock):
    played = playing(clock, (f'a_total{{{API},path="/\\"x"}}', "0+2x100"))
    played.begin()
    clock.seconds += 2  # 120 s of the test: 4 samples

    assert scraped(played) == ['a_total{path="/\\"x"} 8.0']


def test_a_target_that_is_down_answers_with_an_error_and_one_without_a_sample_is_gone(clock):
    played = playing(clock, (f"up{{{API}}}", "1 0 0 stale"))
    target = Target("xiongichat-api", "a:1")
    played.begin()

    assert played.answer(played.number(target)).status == 200
    clock.seconds += 0.6
    assert played.answer(played.number(target)).status == 503
    clock.seconds += 1
    assert target not in played.targets()
    played.heal()
    assert target in played.targets()
    assert scraped(played) == []


def test_the_rest_of_the_service_is_well_where_the_scenario_says_nothing(clock):
    played = playing(clock, (f"up{{{API}}}", "0x9"))

    assert [t for t in played.targets() if t.instance == "baseline"] == [
        Target("xiong-watch", "baseline"),
        Target("xiongichat-pager", "baseline"),
    ]


def test_a_time_is_as_old_as_in_the_test_and_0_is_never(clock):
    name = 'x_timestamp_seconds{job="xiongichat-pager",instance="p",level="%s"}'
    played = playing(clock, (name % "HIGH", "120x40"), (name % "IMMINENT", "0x40"))
    played.begin()
    clock.seconds += 7  # 420 s of the test, so 120 is 300 s old

    assert scraped(played, "xiongichat-pager", "p") == [
        f'x_timestamp_seconds{{level="HIGH"}} {1007.0 - 300}',
        'x_timestamp_seconds{level="IMMINENT"} 0.0',
    ]


def test_healed_counters_stand_and_gauges_are_as_at_first_or_gone(clock):
    played = playing(
        clock,
        (f"a_total{{{API}}}", "0+1x1000"),
        (f"was_well{{{API}}}", "1x2 0x90"),
        (f"never_well{{{API}}}", "95x90"),
        (f"x_timestamp_seconds{{{API}}}", "0+30x4 120x60"),
    )
    played.begin()
    clock.seconds += 5
    played.heal()
    clock.seconds += 5

    assert scraped(played) == ["a_total{} 10.0", "was_well{} 1.0", f"x_timestamp_seconds{{}} {clock.seconds}"]


def test_every_shipped_alert_has_a_provocation():
    found = scenarios.alerts()

    assert len(found) > 40
    assert [alert.title for alert in found if scenarios.scenario_for(alert) is None] == []


def test_an_alert_is_told_from_another_of_its_name_by_the_labels_of_its_rule():
    both = [alert for alert in scenarios.alerts() if alert.name == "DiskSpaceLow"]
    labels = {"alertname": "DiskSpaceLow", "severity": "critical", "team": "operations", "volume": "v"}

    assert [alert.labels["severity"] for alert in both if alert.made(labels)] == ["critical"]
    assert not any(alert.made({**labels, "alertname": "Other"}) for alert in both)
