"""A fault that a drill makes is there, and gone however the drill ends: by Ctrl-C, by `kill -9`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from copies import Copy, finished
from servers import wait_until
from xiong.config.load import load_settings
from xiong.operations.drill.leftovers import undo_leftovers
from xiong.platforms.faults import Fault
from xiong.platforms.local import cutting
from xiong.tools.clock import SystemClock

pytestmark = pytest.mark.drill


def database_stands_still(copy: Copy) -> bool:
    return psutil.Process(copy.pid("postgres")).status() == psutil.STATUS_STOPPED


def no_packet_reaches_the_database(copy: Copy) -> bool:
    port = json.loads((copy.state / "ports.json").read_text())["database"]
    return port in finished(cutting.ports_cut_off())


def small_disk_is_full(copy: Copy) -> bool:
    return any(v.name == "drill" and v.free_bytes == 0 for v in finished(copy.platform().volumes()))


def sessions_are_taken(copy: Copy) -> bool:
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    return int(copy.sql(idle)[0]) > 20


def clock_is_wrong(copy: Copy) -> bool:
    return (copy.state / "records" / "drill" / "clock-offset.json").exists()


def another_release_starts(copy: Copy) -> bool:
    return len({i.release_id for i in copy.instances("api")}) == 2


@dataclass(frozen=True)
class Story:
    """A drill, and how its fault is seen from outside."""

    drill: str
    stands: Callable[[Copy], bool]
    needs: Fault = Fault.FREEZE


STORIES = (
    Story("hang-database", database_stands_still),
    Story("partition", no_packet_reaches_the_database, Fault.CUT_OFF),
    Story("fill-disk", small_disk_is_full, Fault.FILL_DISK),
    Story("exhaust-connections", sessions_are_taken),
    Story("clock-jump", clock_is_wrong),
    Story("bad-release", another_release_starts),
    Story("slow-release", another_release_starts),
)
"""Those whose fault outlives the blow; what was killed is back before anybody could look."""


def releases(copy: Copy) -> set[str]:
    return {listed["release"]["id"] for listed in copy.xiong("releases").json["releases"]}


def whole(copy: Copy) -> bool:
    """All is well, and messages are answered and kept."""
    with httpx.Client(base_url=copy.url, trust_env=False, timeout=30) as client:
        token = (copy.state / "secrets" / "operator-token").read_text()
        body = {"person": "afterwards", "message": "你好"}
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post("/api/v1/chat", json=body, headers=headers)
    stored = answer.status_code == 200 and answer.json()["stored"]
    return stored and copy.xiong("status", expect=None).json.get("healthy", False)


def begun(copy: Copy, story: Story):
    """The drill, once its fault stands."""
    process = copy.begin("drill", story.drill)

    def stands() -> bool:
        assert process.poll() is None, process.communicate()
        return story.stands(copy)

    wait_until(stands, f"{story.drill} has struck", 90)
    return process


def possible(copy: Copy, story: Story) -> bool:
    """Where the machine does not allow a fault, the drill says so and breaks nothing."""
    why = finished(copy.platform().faults.lacks(story.needs))
    if why is None:
        return True
    ran = copy.xiong("drill", story.drill, expect=1).json
    assert [(r["outcome"], r["why"]) for r in ran["results"]] == [("not run", [why])]
    return False


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.drill)
def test_ctrl_c_in_the_middle_mends_it(copy: Copy, story: Story):
    if not possible(copy, story):
        return
    good, staged = copy.release(), releases(copy)
    process = begun(copy, story)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=100)

    assert process.returncode == 1
    assert not story.stands(copy)
    wait_until(lambda: whole(copy), "all is well", 60)
    assert (copy.release(), releases(copy)) == (good, staged)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.drill)
def test_what_a_killed_drill_left_is_mended_by_the_next_who_looks(copy: Copy, story: Story):
    if not possible(copy, story):
        return
    good, staged = copy.release(), releases(copy)
    process = begun(copy, story)

    process.kill()
    process.communicate(timeout=100)
    platform, settings = copy.platform(), load_settings(copy.state / "secrets" / "settings.toml")
    finished(undo_leftovers(platform, settings, SystemClock(), print))

    assert not story.stands(copy)
    wait_until(lambda: whole(copy), "all is well", 60)
    assert (copy.release(), releases(copy)) == (good, staged)


def test_a_changed_copy_of_a_release_is_another_release(copy: Copy):
    platform = copy.platform()
    (good,) = finished(platform.releases())
    made = finished(platform.faults.vary(good, "\n# changed\n"))
    try:
        again = finished(platform.faults.vary(good, "\n# changed\n"))
        main = copy.state / "releases" / made.id / "site" / "api" / "main.py"

        assert made == again
        assert made.id != good.id
        assert made.schema == good.schema
        assert main.read_text().endswith("# changed\n")
        assert os.stat(main.parents[2]).st_mode & 0o222 == 0
    finally:
        finished(platform.discard(made.id))
    assert {path.name for path in Path(copy.state / "releases").iterdir()} == {good.id}
