"""The one function that runs a command."""

import sys

import psutil
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
    pid_file = tmp_path / "pid"
    child = f"import os, signal; open({str(pid_file)!r}, 'w').write(str(os.getpid())); signal.pause()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    with pytest.raises(DeadlineError) as caught:
        await run([*PYTHON, parent], environment={}, timeout_seconds=2)

    assert caught.value.exit_code is ExitCode.DEADLINE
    assert not runs(int(pid_file.read_text()))


def runs(pid: int) -> bool:
    """Whether it still runs after a moment in which the kernel may end it."""
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return False
    except psutil.TimeoutExpired:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
