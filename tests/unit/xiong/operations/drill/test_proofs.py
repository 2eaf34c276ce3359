"""A stale or failed drill keeps a release from being deployed; a copy that never drilled is not held up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from xiong.config.settings import Settings
from xiong.errors import PreflightError
from xiong.model.documents import to_document
from xiong.model.drill import DrillOutcome, DrillResult
from xiong.model.receipt import Outcome, Receipt
from xiong.operations import preflight
from xiong.operations.drill import score
from xiong.operations.drill.proofs import unproven
from xiong.platforms.onehost.records import FileRecords

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
PASSED, FAILED, NOT_RUN = DrillOutcome


@pytest.fixture
def records(tmp_path: Path) -> FileRecords:
    return FileRecords(tmp_path)


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


async def ran(records: FileRecords, drill: str, outcome: DrillOutcome, days_ago: float) -> None:
    at = NOW - timedelta(days=days_ago)
    name = f"{at:%Y%m%dT%H%M%SZ}-{drill}"
    await score.keep(records, DrillResult(name, drill, "", at, 1.0, "local", "0.1.0-a", outcome))


async def rolled_out(records: FileRecords, days_ago: float) -> None:
    at = NOW - timedelta(days=days_ago)
    receipt = Receipt(f"{at:%Y%m%dT%H%M%S}", "up", "0.1.0-a", None, Outcome.COMMITTED, "", "a@b", at, at)
    await records.write("history", receipt.id, to_document(receipt))


async def test_a_copy_where_no_drill_ever_ran_deploys(records: FileRecords):
    await rolled_out(records, 400)

    assert await unproven(records, settings(), NOW) == []


async def test_a_drill_that_passed_lately_lets_a_deploy_through(records: FileRecords):
    await ran(records, "kill-replica", FAILED, 3)
    await ran(records, "kill-replica", PASSED, 2)

    assert await unproven(records, settings(), NOW) == []


async def test_a_drill_that_failed_the_last_time_is_named(records: FileRecords):
    await ran(records, "kill-replica", PASSED, 3)
    await ran(records, "kill-replica", FAILED, 2)

    assert await unproven(records, settings(), NOW) == ["drill kill-replica failed on 2026-03-29"]


async def test_a_drill_that_passed_long_ago_is_named(records: FileRecords):
    await ran(records, "kill-replica", PASSED, 31)
    await ran(records, "kill-proxy", PASSED, 29)

    assert await unproven(records, settings(), NOW) == ["drill kill-replica last passed on 2026-02-28"]


async def test_a_run_that_could_not_be_made_proves_nothing(records: FileRecords):
    await ran(records, "fill-disk", FAILED, 2)
    await ran(records, "fill-disk", NOT_RUN, 1)

    assert await unproven(records, settings(), NOW) == ["drill fill-disk failed on 2026-03-29"]


async def test_a_scheduled_drill_has_as_long_as_any_other_for_its_first_run(records: FileRecords):
    scheduled = settings(drills={"schedule": ["kill-replica"]})

    assert await unproven(records, scheduled, NOW) == []
    await rolled_out(records, 29)
    assert await unproven(records, scheduled, NOW) == []
    await rolled_out(records, 31)
    assert await unproven(records, scheduled, NOW) == ["drill kill-replica has never passed since 2026-02-28"]


async def test_in_production_some_drill_must_have_run(records: FileRecords):
    production = settings(service={"environment": "production"})

    await rolled_out(records, 29)
    assert await unproven(records, production, NOW) == []
    await rolled_out(records, 31)
    assert await unproven(records, production, NOW) == ["no drill was ever run since 2026-02-28"]
    await ran(records, "kill-replica", PASSED, 1)
    assert await unproven(records, production, NOW) == []


def test_what_is_unproven_ends_a_deploy_before_anything_is_done():
    with pytest.raises(PreflightError, match="drill kill-replica failed") as refused:
        preflight.refuse_unproven(["drill kill-replica failed on 2026-03-29"], "", print)

    assert "--override REASON" in str(refused.value.hint)


def test_with_a_reason_it_goes_on_and_says_so():
    told: list[str] = []

    preflight.refuse_unproven(
        ["drill kill-replica failed on 2026-03-29"], "the hotline must change", told.append
    )

    assert told == ["goes on although drill kill-replica failed on 2026-03-29: the hotline must change"]
