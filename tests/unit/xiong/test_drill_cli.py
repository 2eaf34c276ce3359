"""`xiong drill` as it is typed: names without `run`, plans, lists, and calls that mean nothing."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from xiong.cli.main import app
from xiong.errors import ExitCode, UsageError, XiongError


def drill(tmp_path, *words: str):
    return CliRunner().invoke(app, ["--json", "--state", str(tmp_path), "drill", *words])


def test_a_name_alone_is_a_run_and_its_plan_says_what_is_promised(tmp_path):
    done = drill(tmp_path, "kill-replica", "--dry-run")

    assert done.exit_code == 0, done.output
    (step,) = json.loads(done.stdout)["steps"]
    assert step.startswith("kill-replica: One replica is killed (SIGKILL); promised detect 15 s, page 30 s")
    assert done.stdout == drill(tmp_path, "run", "kill-replica", "--dry-run").stdout


def test_all_of_them_are_planned_in_their_order(tmp_path):
    steps = json.loads(drill(tmp_path, "--all", "--dry-run").stdout)["steps"]

    names = [step.partition(":")[0] for step in steps]
    assert names[:2] == ["kill-replica", "hang-replica"]
    assert len(names) == len(set(names)) == 17


@pytest.mark.parametrize("words", [[], ["kill-nothing"], ["--all", "kill-replica"]])
def test_a_call_that_names_no_drill_is_a_usage_error(tmp_path, words):
    done = drill(tmp_path, *words)

    assert isinstance(done.exception, UsageError)
    assert done.exception.exit_code is ExitCode.USAGE
    assert done.exception.hint


def test_without_a_drill_the_history_is_empty_and_no_file_is_a_report(tmp_path):
    assert json.loads(drill(tmp_path, "history").stdout) == {"results": []}
    assert isinstance(drill(tmp_path, "verify", str(tmp_path / "absent.json")).exception, XiongError)
