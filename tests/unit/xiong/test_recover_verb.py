"""`xiong recover`, called as the shell does: exit codes that tell the truth, JSON that scripts rely on."""

import asyncio
import json
import sys
from datetime import datetime

import pytest

from xiong.cli.main import main
from xiong.operations.leasing import hold_lease
from xiong.operations.recovery.observations import Observation, ObservationLog
from xiong.platforms.onehost.lease import FileLease
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.clock import SystemClock


class Leased:
    """The lease and records of a state folder, as another process holds them."""

    def __init__(self, state):
        state.mkdir()
        self.file = FileLease(state)
        self.records = FileRecords(state / "records")

    async def take_lease(self, wanted):
        return self.file.take(wanted)

    async def drop_lease(self, token):
        self.file.drop(token)


@pytest.fixture
def recover(tmp_path, monkeypatch, capsys):
    """Calls it; gives the exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["xiong", "--state", "state", "--json", "recover", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr().out
        return ended.value.code, json.loads(printed) if printed.startswith("{") else None

    return call


def test_what_is_ill_and_cannot_be_cured_is_exit_3_with_every_guard(recover):
    code, made = recover()

    assert code == 3
    assert (made["healthy"], made["ill"], made["action"]) == (False, ["api"], None)
    refused = [v["guard"] for v in made["decisions"][0]["guards"] if not v["passed"]]
    assert refused == ["action-allowed"]


def test_what_is_asked_about_and_is_not_ill_is_exit_0(recover):
    assert recover("memory")[0] == 0


async def test_while_another_verb_holds_the_lease_it_is_exit_4(recover, tmp_path):
    async with hold_lease(Leased(tmp_path / "state"), "deploy 0.2", 60, SystemClock()):
        code, made = await asyncio.to_thread(recover)

    assert code == 4
    assert made["lease"].startswith("deploy 0.2 by ")


def test_a_pause_is_kept_until_it_is_ended(recover):
    _, paused = recover("--pause", "1h", "--reason", "moving")
    until, said = (datetime.fromisoformat(paused[name]) for name in ("until", "at"))
    assert (until - said).total_seconds() == 3600
    assert paused["reason"] == "moving"

    guards = recover()[1]["decisions"][0]["guards"]
    assert [v["why"][:12] for v in guards if v["guard"] == "pause"] == ["paused until"]

    assert recover("--resume")[1]["until"] is None


async def test_what_was_exported_can_be_replayed(recover, tmp_path):
    records = FileRecords(tmp_path / "state" / "records")
    await ObservationLog(records).keep(Observation(SystemClock().now()))

    _, exported = await asyncio.to_thread(recover, "--export", "file")
    _, made = await asyncio.to_thread(recover, "--replay", "file")

    assert exported["observations"] == 1
    assert (made["observations"], made["would"], made["did"]) == (1, [], [])


def test_a_dry_run_says_what_stands_in_the_way(recover):
    code, plan = recover("--dry-run")

    assert code == 0
    assert plan["steps"] == ["do nothing about api: action-allowed: no action may cure `no cause`"]


@pytest.mark.parametrize(
    "words",
    [["--shadow", "--pause", "1h"], ["--pause", "soon"], ["--replay", "absent"], ["nothing"]],
)
def test_a_call_that_means_nothing_is_a_usage_error(recover, words):
    assert recover(*words)[0] == 2
