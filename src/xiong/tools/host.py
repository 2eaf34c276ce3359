"""Who and where we are, for leases and records."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class ThisProcess:
    """Names one process so that a reused pid is not taken for it.

    Attributes:
        host: the machine's name.
        pid: on that machine.
        started: when it began, epoch seconds.
    """

    host: str
    pid: int
    started: float


def this_process() -> ThisProcess:
    return ThisProcess(socket.gethostname(), os.getpid(), psutil.Process().create_time())


def is_gone(process: ThisProcess) -> bool:
    """Whether that process has surely ended; of another machine's nothing is known, so it has not."""
    if process.host != socket.gethostname():
        return False
    try:
        return abs(psutil.Process(process.pid).create_time() - process.started) >= 1
    except psutil.Error:
        return True


def actor() -> str:
    """Who acts, for records: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a uid without a name, as in containers
        user = f"uid{os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def memory(group: Path = Path("/sys/fs/cgroup")) -> tuple[int, int]:
    """(bytes that may still be had, bytes of the whole), of the machine or of our container's smaller limit.

    Pages of files that nobody uses count as free, as the kernel gives them up first.
    """
    machine = psutil.virtual_memory()
    limit = _number(group / "memory.max")
    if limit is None or limit >= machine.total:
        return machine.available, machine.total
    used = _number(group / "memory.current") or 0
    unused_files = next(
        (int(line.split()[1]) for line in _lines(group / "memory.stat") if line.startswith("inactive_file ")),
        0,
    )
    return min(machine.available, limit - used + unused_files), limit


def _number(file: Path) -> int | None:
    text = "".join(_lines(file))
    return int(text) if text.isdigit() else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
