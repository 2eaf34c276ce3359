"""Which backup is due, and on what it may build."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from xiong.config.backup import BackupSettings
from xiong.datastores.postgres_facts import ServerFacts
from xiong.model.backup import BackupKind, DatabasePart, Manifest, StoredObject
from xiong.operations.backup import schedule

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SETTINGS = BackupSettings()
FACTS = ServerFacts("18.6", "1", 1, 16 << 20, 1)
FULL, INCREMENTAL = BackupKind.FULL, BackupKind.INCREMENTAL


def made(kind: BackupKind, days_ago: float) -> Manifest:
    at = NOW - timedelta(days=days_ago)
    part = DatabasePart("18.6", "1", 1, "0/1", "0/2", at, "x", "0/3", 16 << 20, 1, "0001", 1)
    return Manifest(1, f"{at:%Y%m%d}", kind, None, at, at, "xiong", "local", "r", (), (), part, None)


def test_the_first_is_full_and_the_next_builds_on_it():
    assert schedule.kind_due([], FACTS, NOW, SETTINGS) is FULL
    assert schedule.kind_due([made(FULL, 1)], FACTS, NOW, SETTINGS) is INCREMENTAL


def test_a_week_after_the_last_full_one_the_next_is_full():
    chain = [made(INCREMENTAL, 1), made(INCREMENTAL, 2), made(FULL, 7)]

    assert schedule.kind_due(chain, FACTS, NOW, SETTINGS) is FULL
    assert schedule.kind_due([*chain[:2], made(FULL, 6.9)], FACTS, NOW, SETTINGS) is INCREMENTAL


def test_nothing_builds_on_another_timeline_version_or_an_old_server():
    chain = [made(FULL, 1)]

    for other in (replace(FACTS, timeline=2), replace(FACTS, version="18.7"), replace(FACTS, version="16.4")):
        assert schedule.parent(chain, other) is None
        assert schedule.kind_due(chain, other, NOW, SETTINGS) is FULL


def test_a_dump_goes_along_once_a_week():
    dump = StoredObject("database.dump", 1, "", 1, "")
    old, young = (replace(made(FULL, days), objects=(dump,)) for days in (7, 3))

    assert schedule.wants_dump([made(FULL, 1)], NOW, SETTINGS)
    assert schedule.wants_dump([made(FULL, 1), old], NOW, SETTINGS)
    assert not schedule.wants_dump([made(FULL, 1), young], NOW, SETTINGS)


def test_the_first_is_due_minutes_after_the_start_and_then_one_each_day():
    minutes = timedelta(minutes=1)

    assert not schedule.due(None, NOW, NOW + minutes, SETTINGS)
    assert schedule.due(None, NOW, NOW + 5 * minutes, SETTINGS)
    assert not schedule.due(NOW - timedelta(hours=23), NOW, NOW, SETTINGS)
    assert schedule.due(NOW - timedelta(hours=24), NOW, NOW, SETTINGS)
