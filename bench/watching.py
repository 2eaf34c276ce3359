"""What looks after the copy in `heal`: `xiong watch` as it is, or a loop that restarts everything."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from bench.floor import READY_PATH
from bench.ports import free_port, serving
from bench.product import Copy
from xiong.platforms.local import specs
from xiong.platforms.local.adapter import LocalPlatform

CYCLE_S = 5.0
_ANSWER_S, _READY_S = 3.0, 30.0


@asynccontextmanager
async def xiong_watch(copy: Copy) -> AsyncIterator[None]:
    """The daemon as `up` would run it; no round finds its budget spent by the one before."""
    records = LocalPlatform(copy.settings).records
    for kind in ("recovery", "recoveries"):
        for name in await records.names(kind):
            await records.delete(kind, name)
    port = free_port()
    argv = [sys.executable, "-m", "xiong", "--state", str(copy.state), "watch", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=copy.state.parent,
        env={**os.environ, "XIONG_PROXY__PORT": "0"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await serving(port, "/metrics")
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@asynccontextmanager
async def restarting_loop(copy: Copy) -> AsyncIterator[None]:
    """On any failed check restarts all replicas, gives them time to get ready, and looks again."""
    loop = asyncio.create_task(_restart_on_any_fault(copy))
    try:
        yield
    finally:
        loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loop


async def _restart_on_any_fault(copy: Copy) -> None:
    async with httpx.AsyncClient(timeout=_ANSWER_S, trust_env=False) as client:
        while True:
            begun = time.monotonic()
            replicas = [c for c in await copy.supervisor.list() if c.service == specs.API]
            if not all(await asyncio.gather(*(passes(client, str(c.url)) for c in replicas))):
                restarts = (_restart(copy, child.name) for child in replicas)
                await asyncio.gather(*restarts, return_exceptions=True)
            await asyncio.sleep(max(0.0, CYCLE_S - (time.monotonic() - begun)))


async def _restart(copy: Copy, name: str) -> None:
    await copy.supervisor.restart(name, grace=_ANSWER_S)
    await copy.supervisor.wait_ready(name, _READY_S)


async def passes(client: httpx.AsyncClient, url: str) -> bool:
    """The whole check: an answer in time, ready, and every dependency there."""
    try:
        answer = await client.get(f"{url}{READY_PATH}")
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and not answer.json()["degraded"]
