"""A report is signed: whoever changes a figure is found out, and so is another copy's."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xiong.config.settings import Settings
from xiong.errors import ExitCode, UsageError
from xiong.model.drill import DrillOutcome, DrillResult, DrillRun, Load, Measure
from xiong.operations.drill import report
from xiong.operations.drill.report import ForgedReportError
from xiong.platforms.local.adapter import LocalPlatform

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PASSED = DrillResult(
    id="1",
    drill="kill-replica",
    title="One replica is killed (SIGKILL)",
    begun_at=AT,
    seconds=20.0,
    platform="local",
    release="0.1.0-a",
    outcome=DrillOutcome.PASSED,
    measures=(Measure("detect", 1.25, 15), Measure("page", None, 30, "not set", judged=False)),
    load=Load(sent=180, unanswered=1),
)
FAILED = DrillResult(
    "2", "hang-replica", "One <b>hangs</b>", AT, 1.0, "local", "0.1.0-a", DrillOutcome.FAILED, ("heal: not",)
)
RUN = DrillRun(AT, 60.0, "local", (PASSED, FAILED))


def a_platform(folder: Path) -> LocalPlatform:
    return LocalPlatform(Settings.model_validate({"state": folder}))


@pytest.fixture
def platform(tmp_path: Path) -> LocalPlatform:
    return a_platform(tmp_path / "state")


async def test_a_report_is_genuine_as_it_was_written(platform, tmp_path):
    file = await report.write(platform, RUN, tmp_path / "reports")

    found = await report.verify(platform, file)

    assert file.name == "drills-20260302T100000Z.json"
    assert (found.passed, found.failed, found.not_run) == (1, 1, 0)


async def test_a_changed_figure_is_found_out(platform, tmp_path):
    file = await report.write(platform, RUN, tmp_path)
    document = json.loads(file.read_text())
    document["report"]["results"][1]["outcome"] = "passed"
    file.write_text(json.dumps(document))

    with pytest.raises(ForgedReportError, match="was changed after it was signed") as caught:
        await report.verify(platform, file)

    assert caught.value.exit_code is ExitCode.FAILED


async def test_another_copys_report_is_found_out(platform, tmp_path):
    file = await report.write(a_platform(tmp_path / "other"), RUN, tmp_path)

    with pytest.raises(ForgedReportError, match="written elsewhere"):
        await report.verify(platform, file)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"report": {}, "signature": "x"}', '{"report": 1}'])
async def test_what_is_no_report_is_refused_in_words(platform, tmp_path, text):
    file = tmp_path / "any.json"
    file.write_text(text)

    with pytest.raises(UsageError, match="is no report of drills"):
        await report.verify(platform, file)


async def test_the_page_is_whole_without_a_network_speaks_both_languages_and_escapes(platform, tmp_path):
    file = await report.write(platform, RUN, tmp_path)

    page = file.with_suffix(".html").read_text()

    assert not re.search(r"""(src|href)=|@import|url\(""", page)
    assert "故障演練報告" in page
    assert "Fault drill report" in page
    assert "1.2 s / 15" in page
    assert "One &lt;b&gt;hangs&lt;/b&gt;" in page
    assert json.loads(file.read_text())["signature"]["value"] in page
