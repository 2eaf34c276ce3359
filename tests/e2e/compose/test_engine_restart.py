"""The engine itself is ended and started again, as a reboot or its update does: everything is there after.

How an engine is restarted differs from machine to machine, and whoever shares it is cut off meanwhile. So a
command says how, in XIONG_TEST_ENGINE_RESTART; without it this is counted as not run.
"""

import os
import subprocess

import pytest

from composed import ComposedCopy, talks
from docker_engine import ENGINES, docker
from servers import wait_until

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]
COMMAND = os.environ.get("XIONG_TEST_ENGINE_RESTART", "")
PEOPLE = "SELECT count(*) FROM messages"
SECONDS = 120


@pytest.mark.parametrize("restart", [COMMAND] if ENGINES and COMMAND else [])
def test_a_restart_of_the_engine_keeps_every_row_and_brings_every_container_back(
    watched: ComposedCopy, restart: str
):
    for number in range(5):
        talks(watched, f"before-the-restart-{number}")
    rows, names = watched.sql(PEOPLE), sorted(i.name for i in watched.instances())
    before = started(watched)

    subprocess.run(["bash", "-c", restart], check=True, timeout=300)
    wait_until(
        lambda: watched.xiong("status", expect=None).exit_code == 0, "all well after the restart", SECONDS
    )

    assert watched.sql(PEOPLE) == rows
    assert sorted(i.name for i in watched.instances()) == names
    assert all(now != was for now, was in zip(started(watched), before, strict=True))
    talks(watched, "after-the-restart")


def started(copy: ComposedCopy) -> list[str]:
    """When each container was last started, in the order of their names."""
    names = sorted(i.name for i in copy.instances())
    return [docker("inspect", "-f", "{{.State.StartedAt}}", copy.container(name)).out for name in names]
