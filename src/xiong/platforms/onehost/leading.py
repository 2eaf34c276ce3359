"""Who leads: one process of a kind at a time, by a file lock that its death gives back."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xiong.tools.clock import Clock

_ASK_SECONDS = 0.2


@asynccontextmanager
async def lead(file: Path, clock: Clock) -> AsyncIterator[None]:
    """Waits until no other process leads, and leads while the body runs."""
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        while not _taken(descriptor):
            await clock.sleep(_ASK_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
