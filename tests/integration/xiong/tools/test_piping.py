"""Streams of real processes: half a stream is never taken for a whole one, and nobody is left behind."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from xiong.tools import piping
from xiong.tools.piping import PipeError

ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
MIB = 1 << 20


def python(script: str, *words: str) -> list[str]:
    return [sys.executable, "-c", script, *words]


async def test_all_that_a_command_prints_comes():
    script = f"import sys\nfor _ in range(5): sys.stdout.buffer.write(b'x' * {MIB})"
    async with piping.source(python(script), environment=ENVIRONMENT) as chunks:
        assert sum([len(chunk) async for chunk in chunks]) == 5 * MIB


async def test_a_command_that_fails_at_its_end_fails_the_stream_with_its_last_words():
    script = "import sys\nprint('half of it', flush=True)\nsys.exit('server closed the connection')"
    with pytest.raises(PipeError, match=r"exit code 1:\nserver closed the connection"):
        async with piping.source(python(script), environment=ENVIRONMENT) as chunks:
            async for _ in chunks:
                pass


async def test_a_killed_command_is_no_end():
    script = "import os, signal\nos.write(1, b'half')\nos.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(PipeError, match="exit code -9"):
        async with piping.source(python(script), environment=ENVIRONMENT) as chunks:
            async for _ in chunks:
                pass


async def test_leaving_early_ends_the_command_and_its_children():
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "while True: sys.stdout.buffer.write(b'x' * 65536)"
    )
    async with piping.source(python(script), environment=ENVIRONMENT) as chunks:
        first = await anext(chunks)
    child = int(first.split(b"\n")[0])
    _, alive = psutil.wait_procs([psutil.Process(child)] if psutil.pid_exists(child) else [], timeout=10)
    assert not alive


async def test_a_command_that_complains_much_does_not_stand_still():
    script = f"import sys\nfor _ in range(40): sys.stderr.write('w' * {MIB // 4})\nprint('done')"
    async with piping.source(python(script), environment=ENVIRONMENT) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b"done\n"


async def test_what_is_written_arrives(tmp_path: Path):
    out = tmp_path / "out"
    script = "import sys\nopen(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
    async with piping.sink(python(script, str(out)), environment=ENVIRONMENT) as tool:
        for _ in range(4):
            tool.write(b"x" * MIB)
            await tool.drain()
    assert out.stat().st_size == 4 * MIB


async def test_a_taker_that_fails_says_why():
    script = "import sys\nsys.stdin.buffer.read(10)\nsys.exit('not a dump')"
    with pytest.raises(PipeError, match="not a dump"):
        async with piping.sink(python(script), environment=ENVIRONMENT) as tool:
            for _ in range(64):
                tool.write(b"x" * MIB)
                await tool.drain()


async def test_a_program_that_is_not_there_is_named():
    with pytest.raises(PipeError, match="cannot start /no/such/program"):
        async with piping.source(["/no/such/program"], environment=ENVIRONMENT):
            pass
