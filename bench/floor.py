"""What no supervisor and no deploy can be faster than: one replica's own start and its own end."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.ports import free_port, serving
from bench.product import Copy
from xiong.platforms.local.supervision.spec import ProcessSpec

READY_PATH = "/api/v1/ready"


@dataclass(frozen=True)
class Floor:
    """Seconds of one replica that is run by hand.

    Attributes:
        boot: from its start to its first 200 of /ready.
        stop: from SIGTERM to its end, when it is drained and idle.
    """

    boot: list[float] = field(default_factory=list)
    stop: list[float] = field(default_factory=list)

    def __add__(self, other: Floor) -> Floor:
        return Floor(self.boot + other.boot, self.stop + other.stop)


async def measure(copy: Copy, times: int) -> Floor:
    """Starts and ends a replica of the release that does not run, on a port of its own."""
    release = await copy.other_release()
    boot, stop = [], []
    for _ in range(times):
        port = free_port()
        begun = time.monotonic()
        async with by_hand(copy.replica_spec(release, port)) as process:
            boot.append(await serving(port, READY_PATH) - begun)
            process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(copy.settings.deploy.propagation_seconds)
            begun = time.monotonic()
            process.terminate()
            await process.wait()
            stop.append(time.monotonic() - begun)
    return Floor(boot, stop)


@asynccontextmanager
async def by_hand(spec: ProcessSpec) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs what the supervisor would run, without it."""
    process = await asyncio.create_subprocess_exec(
        *spec.argv,
        env=dict(spec.env),
        cwd=spec.cwd,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
