"""A replica killed, a replica that hangs, a database that hangs: who heals it, when, at which cost.

Beside us: supervisord, which restarts what ended, and a loop that restarts every replica whenever any
check fails. All take turns on the same machine; `xiong watch` runs with its own defaults.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import psutil

from bench import report
from bench.crash import forgive, kill_and_wait, kill_one
from bench.floor import READY_PATH
from bench.ports import serving
from bench.product import REPLICAS, Copy
from bench.supervisord import Supervisord, supervisord_program
from bench.watching import CYCLE_S, passes, restarting_loop, xiong_watch
from xiong.errors import DeadlineError
from xiong.operations.probe import running_probe
from xiong.platforms.local import specs
from xiong.platforms.local.adapter import LocalPlatform
from xiong.tools.clock import SystemClock, wait_for

Way = Callable[[Copy], AbstractAsyncContextManager[None]]
OURS, OURS_ALONE, RIVAL = "`xiong watch`", "our supervisor", "supervisord"
NAIVE = "restart all on any failed check"
_WAYS: dict[str, Way] = {OURS: xiong_watch, NAIVE: restarting_loop}
_PER_SECOND, _ANSWER_S, _LOOK_S = 10.0, 1.0, 0.1
_CALM_S = 300.0


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        kills: of a replica, for each way.
        hangs: of a replica, for each way.
        outage_seconds: how long the database hangs.
        outages: how often it does, for each way.
        patience_seconds: after which a replica that hangs counts as never healed.
    """

    kills: int
    hangs: int
    outage_seconds: float
    outages: int
    patience_seconds: float


QUICK, FULL = Extent(2, 1, 20, 1, 60), Extent(10, 3, 120, 1, 60)


@dataclass
class Healed:
    """What one way made of one kind of fault.

    Attributes:
        seconds: until the replica, or after the outage all replicas, served again; None for never.
        restarts: replicas started anew, in each round.
        sent: messages, in each round.
        failed: of those, without a reply.
    """

    seconds: list[float | None] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)

    @property
    def known(self) -> list[float]:
        """Of those that were healed at all."""
        return [seconds for seconds in self.seconds if seconds is not None]

    def told(self) -> str:
        """The median, and how often it never came to that."""
        never = len(self.seconds) - len(self.known)
        words = [f"{report.median(self.known):.1f} s"] if self.known else []
        return ", ".join([*words, *([f"never in {never}"] if never else [])])


Table = dict[str, Healed]


async def run(copy: Copy, *, quick: bool) -> None:
    """Called by `python -m bench heal`."""
    extent = QUICK if quick else FULL
    kills: Table = {OURS_ALONE: Healed(), RIVAL: Healed()}
    hangs: Table = {OURS: Healed(), NAIVE: Healed(), RIVAL: Healed()}
    outages: Table = {OURS: Healed(), NAIVE: Healed()}
    with tempfile.TemporaryDirectory(prefix="xiong-bench-supervisord-") as made:
        program, why = await supervisord_program(Path(made))
        if program is None:
            report.note(f"supervisord: not run, {why}")
        else:
            async with Supervisord(program, Path(made), copy) as rival:
                for number in range(extent.kills):
                    seconds = (await kill_and_wait(rival.child(), rival.port))[1]
                    kills[RIVAL].seconds.append(seconds)
                    kills[OURS_ALONE].seconds.append((await kill_one(copy, number))[1])
                    await forgive(copy, number)
                for _ in range(extent.hangs):
                    await _hang_of(rival, hangs[RIVAL], extent.patience_seconds)
    for number in range(extent.hangs):
        for who, way in _WAYS.items():
            await _hang(copy, number, way, hangs[who], extent.patience_seconds)
    for _ in range(extent.outages):
        for who, way in _WAYS.items():
            await _outage(copy, way, outages[who], extent.outage_seconds)
    _show(extent, kills, hangs, outages)


async def _hang(copy: Copy, number: int, way: Way, into: Healed, patience: float) -> None:
    """One replica stands still; it is counted until every replica serves, whichever they are then."""
    replicas = [c for c in await copy.supervisor.list() if c.service == specs.API]
    pid = replicas[number % len(replicas)].pid
    assert pid is not None
    async with way(copy), _counted(copy, into):
        os.kill(pid, signal.SIGSTOP)
        try:
            into.seconds.append(await _healed(copy, patience))
        finally:
            _go_on(pid)
    await _healed(copy, _CALM_S)
    _tell("hang", into)


async def _hang_of(rival: Supervisord, into: Healed, patience: float) -> None:
    child, begun = rival.child(), time.monotonic()
    os.kill(child, signal.SIGSTOP)
    try:
        into.seconds.append(await serving(rival.port, READY_PATH, patience) - begun)
    except DeadlineError:
        into.seconds.append(None)
    finally:
        _go_on(child)
    into.restarts.append(int(rival.child() != child))
    await serving(rival.port, READY_PATH)


async def _outage(copy: Copy, way: Way, into: Healed, seconds: float) -> None:
    """Every process of the database stands still for that long: connections hang, none is refused."""
    (postgres,) = [c for c in await copy.supervisor.list() if c.service == "postgres"]
    assert postgres.pid is not None
    async with way(copy), _counted(copy, into):
        server = psutil.Process(postgres.pid)
        stopped = [server, *server.children(recursive=True)]
        for process in stopped:
            process.suspend()
        try:
            await asyncio.sleep(seconds)
        finally:
            for process in stopped:
                _go_on(process.pid)
        into.seconds.append(await _healed(copy, _CALM_S))
    await _healed(copy, _CALM_S)
    _tell("outage", into)


def _tell(what: str, made: Healed) -> None:
    """Progress: a round takes minutes."""
    took = made.seconds[-1]
    healed = "never" if took is None else f"after {took:.1f} s"
    lost = f"{made.failed[-1]} of {made.sent[-1]} messages lost"
    report.note(f"{what}: all serve {healed}, {made.restarts[-1]} replicas restarted, {lost}")


async def _healed(copy: Copy, patience: float) -> float | None:
    """Seconds until every replica is there, ready and misses nothing; None when they do not get there."""
    begun = time.monotonic()
    async with httpx.AsyncClient(timeout=_ANSWER_S, trust_env=False) as client:

        async def all_serve() -> bool:
            replicas = [c for c in await copy.supervisor.list() if c.service == specs.API]
            answers = [passes(client, str(c.url)) for c in replicas]
            return len(replicas) == REPLICAS and all(await asyncio.gather(*answers))

        try:
            what = f"{REPLICAS} replicas serving"
            await wait_for(all_serve, what=what, seconds=patience, clock=SystemClock(), every=0.1)
        except DeadlineError:
            return None
    return time.monotonic() - begun


@asynccontextmanager
async def _counted(copy: Copy, into: Healed) -> AsyncIterator[None]:
    """Messages at a steady rate, and how many replicas are started anew, while the block runs."""
    seen: set[tuple[str, int]] = set()

    async def look() -> None:
        children = await copy.supervisor.list()
        seen.update((c.name, c.pid) for c in children if c.service == specs.API and c.pid is not None)

    async def look_on() -> None:
        while True:
            await look()
            await asyncio.sleep(_LOOK_S)

    await look()
    before = len(seen)
    looking = asyncio.create_task(look_on())
    endpoint = await LocalPlatform(copy.settings).endpoint()
    run = f"heal-{time.monotonic_ns()}"
    try:
        async with running_probe(endpoint, run, _PER_SECOND, SystemClock()) as log:
            yield
    finally:
        looking.cancel()
    into.restarts.append(len(seen) - before)
    into.sent.append(log.sent)
    into.failed.append(log.failed)


def _go_on(pid: int) -> None:
    """A stopped process goes on, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def _show(extent: Extent, kills: Table, hangs: Table, outages: Table) -> None:
    ours = report.median(kills[OURS_ALONE].known)
    rows: list[list[object]] = []
    for who, made in kills.items():
        middle = report.median(made.known)
        if made.known:
            rows.append([who, len(made.known), f"{middle:.2f} s", report.ratio(middle, ours)])
    heads = ["who starts it again", "n", "until it serves again, median", "over ours"]
    report.table("heal: a replica is killed", heads, rows)
    heads = ["who", "n", "until all serve again, median", "over ours", "replicas restarted", "messages lost"]
    report.table("heal: a replica hangs (SIGSTOP)", heads, _rows(hangs))
    heads[2] = "until all serve, after its end"
    title = f"heal: the database hangs for {extent.outage_seconds:g} s"
    report.table(title, heads, _rows(outages))
    tables = {"kill": kills, "hang": hangs, "outage": outages}
    raw = {name: {who: asdict(made) for who, made in table.items()} for name, table in tables.items()}
    report.save("heal", {"cycle_seconds": CYCLE_S, "extent": asdict(extent), **raw})


def _rows(table: Table) -> list[list[object]]:
    ours = report.median(table[OURS].known)
    return [
        [
            who,
            len(made.seconds),
            made.told(),
            report.ratio(report.median(made.known), ours) if made.known else "-",
            f"{report.median(made.restarts):g} in a round",
            f"{sum(made.failed):,} of {sum(made.sent):,}" if made.sent else "-",
        ]
        for who, made in table.items()
        if made.seconds
    ]
