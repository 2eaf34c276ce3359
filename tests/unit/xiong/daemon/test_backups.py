"""The daemon ships the log, makes the backup that is due, and deletes old ones only after a good one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from xiong.config.settings import Settings
from xiong.daemon import backups
from xiong.daemon.backup_metrics import BackupMetrics
from xiong.daemon.backups import BackupKeeper
from xiong.daemon.observation import Observation
from xiong.errors import LeaseHeldError
from xiong.model.backup import BackupKind, VerifyOutcome
from xiong.model.lease import Lease
from xiong.operations.backup import history
from xiong.operations.journal import Committed
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.object_store import StorageError

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
COMMITTED = Committed("r1", 2, NOW)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Stage:
    """A keeper that only notes what it would make."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock, self.did, self.told = Clock(), [], []
        self.fails: Exception | None = None
        self.outcome = VerifyOutcome.GOOD
        self.lacking: str | None = None
        self.platform: Any = SimpleNamespace(records=FileRecords(folder / "records"), stores=self)
        # Without a database of ours no log is shipped, and the schedule is looked at alone.
        settings = Settings.model_validate({"backup": {"wal": "none"}})
        self.metrics = BackupMetrics(self.platform.records, settings)
        self.keeper = BackupKeeper(self.platform, settings, self.clock, self.told.append, self.metrics)
        for name in ("create", "verify", "prune"):
            patch.setattr(backups, name, getattr(self, f"_{name}"))

    async def lacks(self, _store: str) -> str | None:
        return self.lacking

    async def _create(self, *_: object) -> Any:
        self.did.append("create")
        if self.fails:
            raise self.fails
        return SimpleNamespace(id="b1", kind=BackupKind.FULL)

    async def _verify(self, *_: object, backup: str) -> Any:
        self.did.append(f"verify {backup}")
        return (SimpleNamespace(outcome=self.outcome, faults=("base.tar is damaged",)),)

    async def _prune(self, *_: object) -> None:
        self.did.append("prune")

    async def act(self, minutes: float, lease: Lease | None = None) -> None:
        """One cycle so many minutes after the start, and time for what it began."""
        self.clock.at = NOW + timedelta(minutes=minutes)
        await self.keeper.act(Observation(self.clock.at, committed=COMMITTED, lease=lease))
        if self.keeper._making is not None:
            await asyncio.wait([self.keeper._making])

    def metric(self, name: str) -> float:
        families = {family.name: family for family in self.metrics.collect()}
        return families[name].samples[0].value


@pytest.fixture
def stage(tmp_path, monkeypatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


async def test_the_first_is_made_some_minutes_after_the_start_verified_and_then_old_ones_go(stage):
    await stage.act(4)
    assert stage.did == []

    await stage.act(5)
    assert stage.did == ["create", "verify b1", "prune"]
    assert await history.failure(stage.platform.records) is None


async def test_while_another_operation_is_at_work_none_is_begun(stage):
    lease = Lease("t", "ops", "deploy", NOW, NOW, "host", 1, 1.0)

    await stage.act(5, lease)
    assert stage.did == []

    stage.fails = LeaseHeldError("deploy is at work")
    await stage.act(6)
    assert await history.failure(stage.platform.records) is None


async def test_one_that_fails_is_told_shown_and_tried_again_after_a_while(stage):
    stage.fails = StorageError("the repository is full")
    await stage.act(5)
    assert stage.did == ["create"]
    assert "the repository is full" in stage.told[-1]

    await stage.act(6)
    assert stage.did == ["create"]
    assert stage.metric("xiong_backup_last_failed") == 1

    stage.fails = None
    await stage.act(21)
    await stage.act(22)
    assert "prune" in stage.did
    assert stage.metric("xiong_backup_last_failed") == 0


async def test_after_one_that_was_found_damaged_nothing_is_deleted(stage):
    stage.outcome = VerifyOutcome.BAD

    await stage.act(5)

    assert stage.did == ["create", "verify b1"]
    found = await history.failure(stage.platform.records)
    assert "base.tar is damaged" in found.why


async def test_where_the_database_is_not_ours_none_is_made(stage):
    stage.lacking = "database.url is set"

    await stage.act(60)

    assert stage.did == []
