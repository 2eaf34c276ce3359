"""SIGKILL of a replica: how long until it serves again, and which requests it costs; beside supervisord."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import floor, report
from bench.load import LoadResult, load
from bench.ports import serving
from bench.product import Copy
from bench.supervisord import Supervisord, supervisord_program
from xiong.platforms.local import specs

KEEP, CLOSE = 16, 8
_SETTLE_S = 0.8
_LONGEST_S = 120.0


@dataclass
class Crashes:
    """What the kills cost.

    Attributes:
        seconds: from SIGKILL to the first 200 of that replica's /ready, each.
        in_flight: requests lost in each that were sent before the process was gone.
        later: of the others, how many milliseconds after it each lost one was sent.
        load: everything that was sent meanwhile.
    """

    seconds: list[float] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    load: LoadResult = field(default_factory=LoadResult)


async def run(copy: Copy, *, quick: bool) -> None:
    """Called by `python -m bench crash`. All ways take turns, so that the machine's mood strikes each."""
    times = 3 if quick else 20
    alone, idle, loaded, other = floor.Floor(), Crashes(), Crashes(), Crashes()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xiong-bench-supervisord-")))
        program, why = await supervisord_program(folder)
        rival = await stack.enter_async_context(Supervisord(program, folder, copy)) if program else None
        for number in range(times):
            alone += await floor.measure(copy, 1)
            idle.seconds.append((await kill_one(copy, number))[1])
            await forgive(copy, number)
            await _kill_under_load(copy, number, loaded)
            await forgive(copy, number)
            if rival is not None:
                other.seconds.append((await kill_and_wait(rival.child(), rival.port))[1])
    _show(alone, idle, loaded, other.seconds, why)


async def kill_one(copy: Copy, number: int) -> tuple[float, float]:
    """Kills a replica; returns when it was gone, and the seconds until it served again."""
    children = [c for c in await copy.supervisor.list() if c.service == specs.API]
    child = children[number % len(children)]
    port = urlsplit(child.labels["url"]).port
    assert child.pid is not None
    assert port is not None
    return await kill_and_wait(child.pid, port)


async def kill_and_wait(pid: int, port: int) -> tuple[float, float]:
    """SIGKILL; returns when the process was gone, and the seconds until its port serves again."""
    gone = asyncio.Event()
    watched = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()
    loop.add_reader(watched, gone.set)
    try:
        killed = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            await gone.wait()  # else the old one might still answer
        gone_at = time.monotonic()
    finally:
        loop.remove_reader(watched)
        os.close(watched)
    return gone_at, await serving(port, floor.READY_PATH) - killed


async def forgive(copy: Copy, number: int) -> None:
    """Restarts the replica, so that the next crash is its first and not delayed as one of a series."""
    children = [c for c in await copy.supervisor.list() if c.service == specs.API]
    name = children[number % len(children)].name
    await copy.supervisor.wait_ready(name, 60)
    await copy.supervisor.restart(name)
    await copy.supervisor.wait_ready(name, 60)
    await asyncio.sleep(_SETTLE_S)  # the proxy looks every 0.2 s


async def _kill_under_load(copy: Copy, number: int, into: Crashes) -> None:
    stop = asyncio.Event()
    loads = [
        asyncio.create_task(
            load(copy.url, copy.token, seconds=_LONGEST_S, connections=n, keep_alive=keep, stop=stop)
        )
        for n, keep in ((KEEP, True), (CLOSE, False))
    ]
    try:
        await asyncio.sleep(_SETTLE_S)
        gone_at, seconds = await kill_one(copy, number)
        await asyncio.sleep(_SETTLE_S)
    finally:
        stop.set()
        kept, closed = await asyncio.gather(*loads)
    both = kept + closed
    into.seconds.append(seconds)
    late = [round(1000 * (f.sent_at - gone_at), 1) for f in both.failures if f.sent_at > gone_at]
    into.in_flight.append(both.failed - len(late))
    into.later += late
    into.load += both


def _show(alone: floor.Floor, idle: Crashes, loaded: Crashes, other: list[float], why: str) -> None:
    boot = report.median(alone.boot)

    def row(what: str, seconds: list[float]) -> list[object]:
        middle = report.median(seconds)
        worst = max(seconds)
        return [what, len(seconds), f"{middle:.2f} s", f"{worst:.2f} s", f"{middle - boot:+.2f} s",
                report.ratio(middle, report.median(idle.seconds))]  # fmt: skip

    rows = [
        row("our supervisor", idle.seconds),
        row("our supervisor, under load", loaded.seconds),
        row("supervisord, the same command", other)
        if other
        else [f"supervisord: not run, {why}", 0, "-", "-", "-", "-"],
        row("the replica's own start, by hand", alone.boot),
    ]
    heads = ["who starts it again", "n", "kill → ready, median", "slowest", "over its own start", "over ours"]
    report.table("crash: SIGKILL of a replica until that replica is ready again", heads, rows)
    count = len(loaded.in_flight)
    lost = [
        [
            count,
            f"{loaded.load.sent:,}",
            f"{sum(loaded.in_flight)} ({report.median(loaded.in_flight):g}, at most {max(loaded.in_flight)})",
            f"{len(loaded.later)}{f' (up to {max(loaded.later):.0f} ms after)' if loaded.later else ''}",
            ", ".join(f"{n} {kind}" for kind, n in loaded.load.methods_and_kinds.items()) or "-",
            f"{1000 * loaded.load.slowest:.0f} ms",
        ]
    ]
    heads = ["kills", "requests", "lost, sent before it was gone (median of a kill)", "lost, sent later"]
    heads += ["kinds", "slowest answer"]
    report.table("crash: requests lost at a kill, of 24 under way on 3 replicas", heads, lost)
    report.save(
        "crash",
        {
            "boot": alone.boot,
            "ours": idle.seconds,
            "ours_under_load": loaded.seconds,
            "supervisord": other or why,
            "lost_in_flight": loaded.in_flight,
            "lost_later": loaded.later,
        },
    )
