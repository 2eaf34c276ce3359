"""Which drill is due."""

from datetime import UTC, datetime, timedelta

from xiong.operations.drill.schedule import due

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
NAMES = ("kill-replica", "hang-replica", "kill-proxy")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def test_without_a_schedule_none_is_due():
    assert due((), 7, {}, NOW) is None


def test_what_never_ran_is_due_in_the_order_of_the_schedule():
    assert due(NAMES, 7, {}, NOW) == "kill-replica"
    assert due(NAMES, 7, {"kill-replica": ago(hours=2)}, NOW) == "hang-replica"


def test_what_ran_longest_ago_is_due_first():
    tried = {"kill-replica": ago(days=8), "hang-replica": ago(days=9), "kill-proxy": ago(days=1)}

    assert due(NAMES, 7, tried, NOW) == "hang-replica"


def test_none_is_due_before_its_days_are_over():
    assert due(NAMES, 7, dict.fromkeys(NAMES, ago(days=6)), NOW) is None


def test_two_of_the_schedule_are_an_hour_apart():
    assert due(NAMES, 7, {"kill-replica": ago(minutes=59)}, NOW) is None
    assert due(NAMES, 7, {"bad-release": ago(minutes=1)}, NOW) == "kill-replica"
