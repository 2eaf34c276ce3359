"""A failed drill keeps a release out; with a reason it comes in, and the gate judges it all the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from copies import Copy, finished
from xiong.model.drill import DrillOutcome, DrillResult
from xiong.operations.drill import score

pytestmark = pytest.mark.drill
REASON = "the hotline's number changed"


def failed(copy: Copy) -> None:
    now = datetime.now(UTC)
    result = DrillResult(
        id=f"{now:%Y%m%dT%H%M%SZ}-kill-replica",
        drill="kill-replica",
        title="",
        begun_at=now,
        seconds=1.0,
        platform="local",
        release=copy.release(),
        outcome=DrillOutcome.FAILED,
    )
    finished(score.keep(copy.platform().records, result))


def test_a_failed_drill_keeps_a_release_out_until_somebody_says_why(copy: Copy):
    copy.change("src/api/version_note.py", append='"""Makes another release."""')
    good, receipts = copy.release(), copy.xiong("history").json["receipts"]
    failed(copy)

    refused = copy.deploy(expect=1).json["error"]

    assert "drill kill-replica failed" in refused["message"]
    assert "--override" in refused["hint"]
    assert (copy.release(), copy.xiong("history").json["receipts"]) == (good, receipts)

    receipt = copy.xiong("deploy", "--from", str(copy.source), "--override", REASON).json

    assert (receipt["outcome"], receipt["reason"]) == ("committed", REASON)
    assert receipt["phases"]["gate"] > 0
    assert copy.release() == receipt["release"] != good
