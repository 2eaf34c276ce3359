"""A process of a context: it ends with the context, and with whoever opened it, however that one ends."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from servers import wait_until
from xiong.errors import XiongError
from xiong.tools import background

OWNER = """
import asyncio, pathlib, sys
from xiong.tools import background

async def main():
    folder = pathlib.Path(sys.argv[1])
    argv = [sys.executable, "-c", sys.argv[2]]
    async with background.running(argv, environment={}, log=folder / "log", cwd=folder) as process:
        print(process.pid, flush=True)
        await process.wait()

asyncio.run(main())
"""
CHILD = "import signal; signal.pause()"


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_it_ends_when_its_owner_is_killed(tmp_path: Path):
    argv = [sys.executable, "-c", OWNER, str(tmp_path), CHILD]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as owner:
        pid = int(owner.stdout.readline())
        try:
            wait_until(lambda: "signal.pause" in " ".join(psutil.Process(pid).cmdline()[:3]), "it runs")
            assert runs(pid)
            owner.send_signal(signal.SIGKILL)
            owner.wait()
            wait_until(lambda: not runs(pid), "the end of what a killed owner had started")
        finally:
            if runs(pid):
                psutil.Process(pid).kill()


async def test_it_ends_with_the_body(tmp_path: Path):
    argv = [sys.executable, "-c", CHILD]
    async with background.running(argv, environment={}, log=tmp_path / "log", cwd=tmp_path) as process:
        assert runs(process.pid)
    assert not runs(process.pid)


async def test_a_program_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(XiongError, match="cannot start /no/such/program"):
        async with background.running(
            ["/no/such/program"], environment={}, log=tmp_path / "log", cwd=tmp_path
        ):
            pass


def test_the_signal_is_the_one_by_which_it_ends_cleanly():
    words = background.bound(["postgres", "-D", "here"], signal.SIGINT)

    assert words[-3:] == ["postgres", "-D", "here"]
    assert words[1:4] == ["--pdeathsig", "INT", "--"]


def test_where_nothing_can_bind_it_the_command_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(background, "_setpriv", lambda: None)

    assert background.bound(["valkey-server", "x"], signal.SIGTERM) == ["valkey-server", "x"]
