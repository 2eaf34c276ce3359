"""What is kept, why, and that no rule ever leaves a set that cannot be restored."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from xiong.config.backup import BackupSettings
from xiong.model.backup import BackupKind, DatabasePart, Manifest, VerifyOutcome, WalSegment
from xiong.operations.backup import lsn, retention
from xiong.operations.backup.retention import FOREVER, Stretch

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SIZE = 16 << 20
GOOD, BAD = VerifyOutcome.GOOD, VerifyOutcome.BAD
SETTINGS = BackupSettings(keep_days=14, keep_weekly=5, keep_monthly=12, keep_at_least=2)


def made(days_ago: float, parent: Manifest | None = None, system_id: str = "1", dated: str = "a") -> Manifest:
    """A set; each day of the cluster writes ten segments."""
    begun = NOW - timedelta(days=days_ago)
    start = int((1000 - days_ago) * 10) * SIZE
    part = DatabasePart(
        version="18.6",
        system_id=system_id,
        timeline=1,
        start_lsn=lsn.text(start + 40),
        stop_lsn=lsn.text(start + 100),
        stopped_at=begun,
        restore_point="x",
        point_lsn=lsn.text(start + SIZE + 5),
        segment_bytes=SIZE,
        data_bytes=1,
        revision="0001",
        rows=1,
    )
    kind = BackupKind.INCREMENTAL if parent else BackupKind.FULL
    name = f"{begun:%Y%m%dT%H%M%SZ}-{dated}"
    return Manifest(
        1, name, kind, parent.id if parent else None, begun, begun, "xiong", "local", "r", (), (), part, None
    )


def chain(days: int, every_full: int = 7) -> list[Manifest]:
    """One set each day, oldest first, a full one each week."""
    sets: list[Manifest] = []
    for day in range(days, -1, -1):
        sets.append(made(day, sets[-1] if sets and day % every_full else None))
    return sets


def verified(sets, outcome=GOOD) -> dict[str, VerifyOutcome]:
    return {one.id: outcome for one in sets}


def kept(sets, outcomes=None, settings=SETTINGS) -> list[Manifest]:
    plan = retention.plan(sets, verified(sets) if outcomes is None else outcomes, NOW, settings)
    assert set(plan.keep) | set(plan.delete) == {one.id for one in sets}
    assert not set(plan.keep) & set(plan.delete)
    return [one for one in sets if one.id in plan.keep]


def test_every_second_of_the_window_stays_reachable():
    sets = [made(day) for day in (30, 20, 15.5, 13, 6, 1)]
    only_window = BackupSettings(keep_days=14, keep_weekly=0, keep_monthly=0, keep_at_least=2)
    assert (
        kept(sets, settings=only_window) == sets[2:]
    )  # 15.5 days: from it the window's first second is reached


def test_the_newest_of_each_week_and_month_stay():
    sets = [made(day) for day in range(800, -1, -1)]
    plan = retention.plan(sets, verified(sets), NOW, SETTINGS)
    weekly = [name for name, why in plan.keep.items() if "weekly" in why]
    monthly = [name for name, why in plan.keep.items() if "monthly" in why]
    assert (len(weekly), len(monthly)) == (5, 12)
    weeks = {datetime.strptime(name[:8], "%Y%m%d").isocalendar()[:2] for name in weekly}  # noqa: DTZ007
    assert len(weeks) == 5
    assert all(name in plan.keep for name in (made(0).id, made(29).id))  # today, and the last of October
    assert len(plan.keep) < 40


def test_nothing_goes_while_too_few_are_verified():
    sets = [made(day) for day in range(400, -1, -50)]
    assert kept(sets, {sets[-1].id: GOOD}) == sets
    assert kept(sets, {}) == sets
    assert kept(sets, verified(sets, BAD)) == sets


def test_the_newest_verified_ones_stay_however_old_they_are():
    sets = [made(day) for day in (900, 850, 400, 300, 200)]
    strict = BackupSettings(keep_days=0, keep_weekly=0, keep_monthly=0, keep_at_least=2)
    outcomes = {sets[0].id: GOOD, sets[1].id: GOOD, sets[2].id: BAD}
    assert kept(sets, outcomes, strict) == [sets[0], sets[1], sets[4]]  # the newest of all stays too


def test_a_damaged_set_is_nobodys_anchor():
    sets = [made(day) for day in (20, 15, 13, 1)]
    strict = BackupSettings(keep_days=14, keep_weekly=0, keep_monthly=0, keep_at_least=2)
    outcomes = verified(sets) | {sets[1].id: BAD}
    assert kept(sets, outcomes, strict) == [sets[0], sets[2], sets[3]]


def test_whatever_a_kept_increment_builds_on_stays():
    sets = chain(60, every_full=30)
    names = {one.id for one in kept(sets)}
    assert all(one.parent in names for one in sets if one.id in names and one.parent)


@pytest.mark.parametrize("seed", range(60))
def test_no_choice_of_sets_and_settings_strands_an_increment_or_goes_below_the_minimum(seed):
    chance = random.Random(seed)
    sets: list[Manifest] = []
    for day in sorted((chance.uniform(0, 500) for _ in range(chance.randint(0, 60))), reverse=True):
        parent = sets[-1] if sets and chance.random() < 0.6 else None
        sets.append(made(day, parent, "1" if day > 100 or not sets else chance.choice("12"), f"{len(sets)}"))
    outcomes = {
        one.id: outcome for one in sets if (outcome := chance.choice([GOOD, GOOD, BAD, None])) is not None
    }
    settings = BackupSettings(
        keep_days=chance.choice([0, 1, 14, 90]),
        keep_weekly=chance.randint(0, 6),
        keep_monthly=chance.randint(0, 12),
        keep_at_least=chance.randint(1, 4),
    )
    plan = retention.plan(chance.sample(sets, len(sets)), outcomes, NOW, settings)
    here = {one.id: one for one in sets}
    for name in plan.keep:
        assert here[name].parent is None or here[name].parent in plan.keep
    good = [name for name, outcome in outcomes.items() if outcome is GOOD]
    wanted = min(settings.keep_at_least, len(good))
    assert sum(1 for name in good if name in plan.keep) >= wanted
    if len(good) < settings.keep_at_least:
        assert plan.delete == ()
    assert all(plan.keep.values())
    going = set()
    for name in plan.delete:  # killed after any of them, nothing that is left builds on what went
        going.add(name)
        assert all(one.id in going for one in sets if one.parent in going)


def test_the_log_stays_from_the_windows_first_set_on():
    sets = [made(day) for day in (40, 15, 3)]
    (old, alive) = retention.stretches(sets, "1", NOW, SETTINGS)
    assert alive == Stretch(lsn.number(sets[1].database.start_lsn), FOREVER)
    assert old == Stretch(lsn.number(sets[0].database.start_lsn), lsn.number(sets[0].database.point_lsn))


def segments(*indexes: int) -> list[WalSegment]:
    return [
        WalSegment(lsn.segment(1, index * SIZE, SIZE), 0, SIZE, True, "", str(index)) for index in indexes
    ]


def test_only_segments_that_no_kept_set_needs_go():
    history = WalSegment("00000002.history", 0, 40, True, "", "history")
    wanted = (Stretch(3 * SIZE + 40, 4 * SIZE + 5), Stretch(7 * SIZE + 1, FOREVER))
    going = retention.unneeded([*segments(*range(1, 10)), history], wanted, SIZE)
    assert [one.key for one in going] == ["1", "2", "5", "6"]


def test_a_cluster_without_a_set_keeps_its_log_since_its_first_may_be_under_way():
    assert retention.unneeded(segments(1, 2), retention.stretches([], "1", NOW, SETTINGS), SIZE) == ()
