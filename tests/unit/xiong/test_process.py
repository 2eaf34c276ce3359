"""The one function that runs a command."""

import sys

import pytest

from xiong.errors import DeadlineError, ExitCode, XiongError
from xiong.tools.process import run

PYTHON = (sys.executable, "-c")


async def test_nothing_of_our_environment_is_inherited():
    done = await run(
        [*PYTHON, "import os; print(sorted(os.environ))"], environment={"A": "1"}, timeout_seconds=20
    )

    assert b"HOME" not in done.stdout
    assert b"'A'" in done.stdout


async def test_a_failure_carries_the_last_words_of_the_command():
    done = await run([*PYTHON, "raise SystemExit('the disk is full')"], environment={}, timeout_seconds=20)

    with pytest.raises(XiongError, match="the build failed with exit code 1:\nthe disk is full"):
        done.checked("the build")


async def test_a_command_that_is_not_there_is_named():
    with pytest.raises(XiongError, match="cannot start /no/such/program"):
        await run(["/no/such/program"], environment={}, timeout_seconds=20)


async def test_at_the_deadline_the_command_and_its_children_are_killed(tmp_path):
    alive = tmp_path / "alive"
    child = f"import time; time.sleep(1); open({str(alive)!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    with pytest.raises(DeadlineError) as caught:
        await run([*PYTHON, parent], environment={}, timeout_seconds=0.5)

    assert caught.value.exit_code is ExitCode.DEADLINE
    watcher = f"import time, os; time.sleep(1.5); print(os.path.exists({str(alive)!r}))"
    assert (await run([*PYTHON, watcher], environment={}, timeout_seconds=20)).stdout == b"False\n"
