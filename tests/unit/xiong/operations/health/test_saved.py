"""What the checks `backups` and `wal` make of what they saw: verdict, cause, words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from repo import tree
from xiong.config.settings import Settings
from xiong.datastores.postgres_facts import Receiving
from xiong.model.backup import BackupKind, RpoReading, VerifyOutcome
from xiong.model.health import Finding, Verdict
from xiong.model.instance import Instance, InstanceState
from xiong.operations.backup.history import BackupRecord, Failure
from xiong.operations.health.checks import backups, wal
from xiong.operations.health.checks.backups import Made
from xiong.operations.health.checks.wal import Log

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SETTINGS = Settings.model_validate({"watch": {"enabled": True}})
PRODUCTION = Settings.model_validate({"service": {"environment": "production"}})
LISTED = {(row[0], row[1]) for row in tree.tables(tree.read("docs/reference/health.md")) if len(row) == 4}
RECEIVER = Instance("wal", "wal", None, InstanceState.READY, None, "9@1")
READING = RpoReading(0.5, 0.5, NOW, NOW)
LOG = Log(RECEIVER, Receiving(True, "reserved", 0), READING, 1.0)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def record(age: timedelta, verified: VerifyOutcome | None = VerifyOutcome.GOOD) -> BackupRecord:
    return BackupRecord("b1", BackupKind.FULL, NOW - age, 1.0, 1000, ("file:///b",), verified, NOW)


def made(age: float | None = 1, **more: object) -> Made:
    newest = record(hours(age)) if age is not None else None
    plain = Made(newest, newest, None, NOW - hours(1), beside=True, offline_here=True)
    return replace(plain, **more)


def seen(finding: Finding) -> tuple[Verdict, str]:
    if finding.verdict is Verdict.DEGRADED:
        assert (f"`{finding.check}`", f"`{finding.cause}`") in LISTED
        assert finding.hint
    return finding.verdict, finding.cause


def test_a_fresh_copy_is_neither_well_nor_ill_until_a_backup_is_overdue():
    assert backups.judge(made(None), NOW, SETTINGS).verdict is Verdict.NOT_RUN
    late = backups.judge(made(None, since=NOW - hours(37)), NOW, SETTINGS)
    assert seen(late) == (Verdict.DEGRADED, "stale")


def test_a_young_backup_is_well_and_says_where_it_lies_and_whether_the_key_is_here():
    found = backups.judge(made(), NOW, SETTINGS)

    assert seen(found) == (Verdict.HEALTHY, "")
    assert "die with it" in found.summary
    assert "offline key" in found.summary


def test_in_production_a_repository_beside_the_data_and_a_key_left_here_are_faults():
    assert seen(backups.judge(made(), NOW, PRODUCTION)) == (Verdict.DEGRADED, "beside")
    elsewhere = made(beside=False)
    assert seen(backups.judge(elsewhere, NOW, PRODUCTION)) == (Verdict.DEGRADED, "offline-key")
    safe = made(beside=False, offline_here=False)
    assert seen(backups.judge(safe, NOW, PRODUCTION)) == (Verdict.HEALTHY, "")


def test_an_old_one_a_damaged_one_and_a_failed_attempt_are_faults():
    assert seen(backups.judge(made(37), NOW, SETTINGS)) == (Verdict.DEGRADED, "stale")
    damaged = made(newest=record(hours(1), VerifyOutcome.BAD))
    assert seen(backups.judge(damaged, NOW, SETTINGS)) == (Verdict.DEGRADED, "damaged")
    failed = backups.judge(made(failure=Failure(NOW, "no room")), NOW, SETTINGS)
    assert seen(failed) == (Verdict.DEGRADED, "failed")
    assert "no room" in failed.summary
    first = made(None, failure=Failure(NOW, "no room"))
    assert seen(backups.judge(first, NOW, SETTINGS)) == (Verdict.DEGRADED, "failed")


def test_only_a_folder_on_the_disk_of_the_data_dies_with_it(tmp_path: Path):
    assert backups.on_disk_of(f"file://{tmp_path}/not%20yet/there", tmp_path / "postgres")
    assert not backups.on_disk_of("file:///proc", tmp_path)
    assert not backups.on_disk_of("s3://bucket/xiong", tmp_path)


def test_a_log_that_is_received_and_stored_is_well():
    found = wal.judge(LOG, SETTINGS)

    assert seen(found) == (Verdict.HEALTHY, "")
    assert {figure.name for figure in found.figures} >= {"lost with the data folder", "lost with the machine"}


def test_before_the_first_look_and_the_first_backup_nothing_is_ill():
    assert seen(wal.judge(replace(LOG, reading=None), SETTINGS)) == (Verdict.HEALTHY, "")
    nothing = RpoReading(None, None, None, NOW)
    assert seen(wal.judge(replace(LOG, reading=nothing), SETTINGS)) == (Verdict.HEALTHY, "")


@pytest.mark.parametrize(
    ("log", "cause", "cured"),
    [
        (replace(LOG, process=None), "absent", False),
        (replace(LOG, receiving=None), "slot", True),
        (replace(LOG, receiving=Receiving(False, "lost", 0)), "slot", True),
        (replace(LOG, receiving=Receiving(False, "reserved", 9, 21.0)), "receiver", True),
        (replace(LOG, process=replace(RECEIVER, state=InstanceState.FAILED)), "receiver", True),
        (replace(LOG, age=121.0), "unshipped", False),
        (replace(LOG, receiving=None, reading=replace(READING, spool_bytes=3 << 30)), "unstored", False),
        (replace(LOG, reading=replace(READING, seconds=61.0)), "rpo", True),
        (replace(LOG, reading=replace(READING, stored_seconds=61.0)), "unstored", False),
    ],
)
def test_each_fault_of_the_log_has_its_cause_and_the_healer_knows_which_it_can_cure(log, cause, cured):
    found = wal.judge(log, SETTINGS)

    assert seen(found) == (Verdict.DEGRADED, cause)
    assert bool(dict(wal.WAL.allows)[cause]) is cured
    assert found.ill == (("wal",) if cured else ())


def test_a_receiver_that_connects_again_after_a_restart_of_the_server_is_no_fault():
    away = replace(LOG, receiving=Receiving(False, "reserved", 9, 6.0))

    assert seen(wal.judge(away, SETTINGS)) == (Verdict.HEALTHY, "")


def test_a_server_that_copies_its_segments_by_itself_needs_no_receiver():
    settings = Settings.model_validate({"watch": {"enabled": True}, "backup": {"wal": "archive"}})
    bare = Log(None, None, READING, 1.0)

    assert seen(wal.judge(bare, settings)) == (Verdict.HEALTHY, "")
    late = replace(bare, reading=replace(READING, seconds=90.0, stored_seconds=90.0))
    assert wal.judge(late, settings).cause == "unstored"  # there is nobody to start again
