"""Drills on a whole copy: promises are kept, a broken one is found, and what was broken is mended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from copies import Copy
from drilled import drilled_copy, short
from servers import wait_until
from watched import healer_off, stopped
from xiong.model.drill import DrillOutcome

pytestmark = pytest.mark.drill
NAMES = (
    "kill-replica",
    "hang-replica",
    "slow-replica",
    "kill-all-replicas",
    "kill-watch",
    "kill-pager",
)


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with drilled_copy(XIONG_DRILLS__SCHEDULE='["kill-proxy"]') as made:
        wait_until(lambda: history(made), "the drill of the schedule was run", 150)
        yield made


def standing(copy: Copy) -> Path:
    """Where a drill under way is noted."""
    return copy.state / "records" / "state" / "drill.json"


def stands_still(copy: Copy) -> list[str]:
    """Replicas that are stopped by a signal."""
    replicas = {i.name: int(i.identity.partition("@")[0]) for i in copy.instances("api")}
    return [name for name, pid in replicas.items() if psutil.Process(pid).status() == psutil.STATUS_STOPPED]


def history(copy: Copy) -> list[dict]:
    return copy.xiong("drill", "history").json["results"]


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    process = psutil.Process(pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_the_daemon_runs_a_drill_of_the_schedule_by_itself(copy: Copy):
    result = history(copy)[-1]

    assert (result["drill"], result["outcome"], result["why"]) == ("kill-proxy", "passed", [])


@pytest.mark.parametrize("name", NAMES)
def test_a_drill_passes_and_nothing_is_lost(copy: Copy, name: str):
    made = copy.xiong("drill", name, timeout=220).json

    (result,) = made["results"]
    assert (result["outcome"], result["why"], result["load"]["lost"]) == ("passed", [], 0)
    assert result["load"]["sent"] > 20
    assert {m["name"]: m["seconds"] for m in result["measures"]}["page"] > 0
    assert not standing(copy).exists()


def test_the_report_of_a_drill_is_checked_where_it_was_made(copy: Copy, tmp_path: Path):
    made = copy.xiong("drill", "kill-proxy", "--report", str(tmp_path), timeout=150).json

    found = copy.xiong("drill", "verify", made["report"]).json
    assert (found["passed"], found["failed"]) == (1, 0)

    report = Path(made["report"])
    report.write_text(report.read_text().replace('"lost": 0', '"lost": 1'))
    refused = copy.xiong("drill", "verify", made["report"], expect=1)
    assert "was changed after it was signed" in refused.err


def test_with_the_healer_switched_off_a_replica_that_hangs_fails_the_drill_and_is_mended(copy: Copy):
    with healer_off(copy):
        result = short(copy, "hang-replica", heal_seconds=5)

    assert result.outcome is DrillOutcome.FAILED
    assert result.why[0].startswith("heal: not well: api-0 does not answer")
    assert stands_still(copy) == []
    assert result.load.lost == 0


def test_with_a_pager_that_sends_nothing_the_drill_fails_on_its_page(copy: Copy):
    pager = next(i.name for i in copy.instances("pager"))
    with healer_off(copy), frozen(copy.pid(pager)):
        result = short(copy, "kill-proxy", page_seconds=3)

    assert result.outcome is DrillOutcome.FAILED
    assert result.why[0].startswith("page: ")


def test_a_service_that_is_not_well_is_not_drilled(copy: Copy):
    pager = next(i.name for i in copy.instances("pager"))
    before = len(history(copy))
    with healer_off(copy), stopped(copy, pager):
        refused = copy.xiong("drill", "kill-replica", expect=3)

    assert "no drill on a service that is not well" in refused.err
    assert len(history(copy)) == before


def test_while_a_drill_is_under_way_nobody_deploys_or_drills(copy: Copy):
    wait_until(lambda: copy.xiong("status", expect=None).exit_code == 0, "it is well again", 60)
    drill = copy.begin("drill", "slow-replica")
    wait_until(lambda: standing(copy).exists(), "the drill is under way", 60)

    refused = copy.xiong("scale", "3", expect=4)
    also = copy.xiong("drill", "kill-replica", expect=4)

    assert "rehearses `drill slow-replica`" in refused.err
    assert "rehearses `drill slow-replica`" in also.err
    out, said = drill.communicate(timeout=120)
    assert drill.returncode == 0, said + out


def begun_to_hang(copy: Copy):
    """The drill hang-replica with its fault in place."""
    drill = copy.begin("drill", "hang-replica")
    wait_until(lambda: stands_still(copy) == ["api-0"], "a replica hangs", 60)
    return drill


def test_ctrl_c_mends_what_the_drill_broke(copy: Copy):
    identity = copy.instances("api")[0].identity
    drill = begun_to_hang(copy)

    drill.send_signal(signal.SIGINT)
    _, said = drill.communicate(timeout=60)

    assert drill.returncode == 1, said
    assert stands_still(copy) == []
    assert copy.instances("api")[0].identity == identity
    assert not standing(copy).exists()


def test_what_a_killed_drill_broke_the_daemon_mends(copy: Copy):
    identity = copy.instances("api")[0].identity
    drill = begun_to_hang(copy)

    drill.kill()
    drill.communicate()

    wait_until(lambda: not stands_still(copy) and not standing(copy).exists(), "the daemon mended it", 60)
    assert copy.instances("api")[0].identity == identity
