"""`deploy` is killed after every step of its journal; the next call ends in one whole release."""

import json
import os
import signal
import time

import pytest

from copies import Copy

DEADLINE_S = 60
STEPS = 12

pytestmark = pytest.mark.long


def steps_written(copy: Copy) -> int:
    file = copy.state / "records" / "state" / "rollout.json"
    try:
        return len(json.loads(file.read_bytes())["steps"])
    except FileNotFoundError:
        return -1


def kill_after(copy: Copy, step: int, number: int = signal.SIGKILL) -> bool:
    """Starts a deploy and signals it once that many steps are written; False when it ended before."""
    deploying = copy.begin("deploy", "--from", str(copy.source))
    end = time.monotonic() + DEADLINE_S
    with deploying:
        while time.monotonic() < end:
            if deploying.poll() is not None:
                return False
            if steps_written(copy) >= step:
                os.kill(deploying.pid, number)
                deploying.communicate()
                return True
    raise AssertionError(f"the deploy did not reach step {step}")


@pytest.mark.parametrize("step", range(STEPS))
def test_a_deploy_killed_after_a_step_ends_whole(copy: Copy, step: int):
    before = copy.release()
    copy.change("src/api/main.py", append=f"# release of step {step}")

    killed = kill_after(copy, step)

    ended = copy.xiong("scale", "2").json
    status = copy.xiong("status").json
    assert status["healthy"], status["faults"]
    assert status["answering"] == status["committed"]["release"] == ended["release"]
    running = {i["release_id"] for i in status["instances"] if i["service"] == "api"}
    assert running == {ended["release"]}
    assert status["interrupted"] is None
    if killed and step < STEPS - 2:
        assert ended["release"] == before
        assert copy.xiong("history").json["receipts"][1]["outcome"] == "interrupted, then undone"


def test_a_deploy_stopped_by_ctrl_c_gives_the_lease_back_and_the_next_verb_ends_its_work(copy: Copy):
    before = copy.release()
    copy.change("src/api/main.py", append="# a release that is stopped")

    assert kill_after(copy, 4, signal.SIGINT)

    status = copy.xiong("status", expect=3).json
    assert status["lease"] is None
    assert "was interrupted; the next verb ends it" in status["faults"][-1]
    copy.xiong("scale", "2")
    assert copy.release() == before
    assert copy.xiong("status").json["healthy"]
