"""Who and where we are, for leases and records."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass

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


def actor() -> str:
    """Who acts, for records: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a uid without a name, as in containers
        user = f"uid{os.getuid()}"
    return f"{user}@{socket.gethostname()}"
