"""Starts a supervisor that outlives the command which needed it. Called by the local platform."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import xiong
from xiong.errors import DeadlineError
from xiong.platforms.local.supervision import guard, logs, proc
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.daemon import OWN_LOG
from xiong.platforms.local.supervision.errors import (
    SupervisorNotRunningError,
    SupervisorStartError,
    SupervisorTimeoutError,
)
from xiong.tools.clock import SystemClock, wait_for

_ASK_S: Final = 1.0
_LAUNCH_S: Final = 10.0


async def start_daemon(state_dir: Path, timeout: float = 10.0) -> int:
    """Makes sure that a supervisor with its guard serves the folder.

    Returns:
        The supervisor's pid.

    Raises:
        SupervisorStartError: it ended at once or does not answer; its last words are told.
    """
    folder = _folder(state_dir)
    present = await _answering(folder)
    if present:
        return present
    launched = await _launch(folder)

    async def answering_or_dead() -> int | None:
        return await _answering(folder) or (None if _on_its_way(folder, launched) else -1)

    try:
        pid = await wait_for(
            answering_or_dead, what="the supervisor", seconds=timeout, clock=SystemClock(), every=0.02
        )
    except DeadlineError as error:
        raise _failed(folder, f"does not answer within {timeout:g} s") from error
    if pid < 0:
        raise _failed(folder, "ended at once")
    return pid


def _folder(state_dir: Path) -> Path:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SupervisorStartError(f"{state_dir} cannot be made: {error.strerror or error}") from error
    return state_dir.absolute()


async def _answering(folder: Path) -> int | None:
    try:
        return await SupervisorClient(folder).ping(_ASK_S, patient=False)
    except (SupervisorNotRunningError, SupervisorTimeoutError):
        return None


async def _launch(folder: Path) -> int:
    """Starts it by way of a process that ends at once, so that it is nobody's child."""
    log = logs.open_log(str(folder / OWN_LOG))
    try:
        launcher = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", guard.__file__, "--state", str(folder), "--launch"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
        async with asyncio.timeout(_LAUNCH_S):
            printed, _ = await launcher.communicate()
    except (OSError, TimeoutError) as error:
        raise SupervisorStartError(f"the supervisor cannot be started: {error}") from error
    finally:
        os.close(log)
    if not printed.strip().isdigit():
        raise _failed(folder, "cannot be started")
    return int(printed)


def _environment() -> dict[str, str]:
    """As little as Python needs; what the children need stands in their specs."""
    source = str(Path(xiong.__file__).parents[1])
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "LANG": "C.UTF-8", "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}


def _on_its_way(folder: Path, launched: int) -> bool:
    """Whether the one launched still lives, or another that a guard started was first."""
    if proc.identify(launched) is not None:
        return True
    owner = guard.owner(str(folder))
    if owner is not None:
        os.close(owner)
    return owner is not None


def _failed(folder: Path, how: str) -> SupervisorStartError:
    log = folder / OWN_LOG
    return SupervisorStartError(
        f"the supervisor of {folder} {how}:\n{logs.tail(str(log))}", hint=f"less {log}"
    )
