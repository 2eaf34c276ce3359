"""A process that runs while a context is open, and no longer than whoever opened it.

`xiong prove` runs its Prometheus and Alertmanager so, a drill of a restore its second servers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

from xiong.errors import XiongError

_END_SECONDS = 10.0


@asynccontextmanager
async def running(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    cwd: Path,
    run_as: tuple[int, int] | None = None,
    end_signal: int = signal.SIGTERM,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Starts `argv`, and ends it however the body ends; what it prints goes to `log`.

    Where util-linux is there, the kernel ends it also when we are killed.

    Args:
        argv: the command.
        environment: the whole environment; nothing is inherited.
        log: where its output is appended.
        cwd: where it runs.
        run_as: (uid, gid) to run as, which needs root; None keeps ours.
        end_signal: how it is asked to end.

    Raises:
        XiongError: it cannot be started.
    """
    uid, gid = run_as or (None, None)
    _must_be_there(argv[0], environment)
    with log.open("ab") as printed:
        try:
            process = await asyncio.create_subprocess_exec(
                *bound(argv, end_signal),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                env=dict(environment),
                cwd=cwd,
                start_new_session=True,
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
            )
        except OSError as error:
            raise XiongError(f"cannot start {argv[0]}: {error.strerror or error}") from error
    try:
        yield process
    finally:
        await _end(process, end_signal)


def bound(argv: Sequence[str], end_signal: int) -> list[str]:
    """The same command, which gets that signal when its parent dies; as it is where nothing can do that."""
    setpriv = _setpriv()
    return [setpriv, "--pdeathsig", signal.Signals(end_signal).name[3:], "--", *argv] if setpriv else [*argv]


@cache
def _setpriv() -> str | None:
    """The program that asks the kernel for it; busybox's and old ones cannot."""
    found = shutil.which("setpriv")
    if found is None:
        return None
    try:
        done = subprocess.run(
            [found, "--pdeathsig", "TERM", "--", found, "--version"],
            capture_output=True,
            timeout=_END_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found if done.returncode == 0 else None


def _must_be_there(program: str, environment: Mapping[str, str]) -> None:
    """Asked before, since the one in between would start and only then find it missing."""
    if shutil.which(program, path=environment.get("PATH", os.defpath)) is None:
        raise XiongError(f"cannot start {program}: no such program", hint=f"ls -l {program}")


async def _end(process: asyncio.subprocess.Process, end_signal: int) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(end_signal)
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def still_runs(process: asyncio.subprocess.Process, log: Path) -> None:
    """Nothing.

    Raises:
        XiongError: the process has ended; the error carries its last words.
    """
    if process.returncode is not None:
        words = log.read_text(errors="replace").strip().splitlines()[-8:]
        raise XiongError(f"it ended with exit code {process.returncode}:\n" + "\n".join(words))
