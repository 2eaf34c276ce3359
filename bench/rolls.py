"""Lost requests while three replicas are replaced, beside the same roll without a drain and with reloads."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench import report
from bench.load import LoadResult, load
from bench.ports import free_port, listening
from bench.product import REPLICAS, Copy, printed_json
from bench.variants import PROXY_ID, RELOADED, UNDRAINED
from xiong.platforms.local import commands, services
from xiong.platforms.local.programs import find_programs
from xiong.platforms.onehost import proxy

KEEP, CLOSE = 16, 8
"""Connections that are kept, and requests at a time on connections of their own."""
_MARGIN_S = 0.5
_LONGEST_S = 300.0

Roll = Callable[[], Awaitable[float]]


@dataclass
class Rolls:
    """All rolls made in one way."""

    way: str
    chat_share: float
    kept: LoadResult = field(default_factory=LoadResult)
    closed: LoadResult = field(default_factory=LoadResult)
    seconds: list[float] = field(default_factory=list)
    loaded_seconds: float = 0.0
    probed: int = 0
    probe_failed: int = 0

    @property
    def both(self) -> LoadResult:
        return self.kept + self.closed


async def run(copy: Copy, *, quick: bool) -> None:
    """Called by `python -m bench rolls`: many cheap requests, 2 % chat messages."""
    counts = (1, 1, 0) if quick else (10, 5, 300_000)
    await _compare(copy, "rolls", 0.02, *counts)


async def run_chats(copy: Copy, *, quick: bool) -> None:
    """Called by `python -m bench chat_rolls`: half of the requests are chat messages.

    A proxy may send a GET again when the replica closes under its hands, but never a POST.
    """
    counts = (1, 1, 0) if quick else (5, 5, 0)
    await _compare(copy, "chat_rolls", 0.5, *counts)


async def _compare(copy: Copy, name: str, chats: float, rolls: int, fewer: int, requests: int) -> None:
    ours = await _ours(copy, Rolls("xiong deploy", chats), rolls, requests)
    undrained = await _others(copy, Rolls("without a drain", chats), UNDRAINED, fewer, copy.url)
    async with reloading_proxy(copy) as (url, admin):
        reloaded = Rolls("Caddy reloaded at each switch", chats)
        await _others(copy, reloaded, RELOADED, fewer, url, admin)
    _show(name, [ours, undrained, reloaded])


async def _ours(copy: Copy, made: Rolls, rolls: int, requests: int) -> Rolls:
    async def deploy() -> float:
        release = await copy.other_release()
        receipt = await copy.xiong("deploy", release.id)
        made.probed += receipt["probe"]["sent"]
        made.probe_failed += receipt["probe"]["failed"]
        return float(sum(receipt["phases"].values()))

    while len(made.seconds) < rolls or made.both.sent < requests:
        await _under_load(made, copy.url, copy.token, deploy)
    return made


async def _others(copy: Copy, made: Rolls, way: str, rolls: int, url: str, admin: str = "") -> Rolls:

    async def roll() -> float:
        release = await copy.other_release()
        argv = [sys.executable, "-m", "bench.variants", way, "--state", str(copy.state)]
        argv += ["--release", release.id, "--admin", admin]
        return float((await printed_json(argv, cwd=Path(__file__).parents[1]))["seconds"])

    for _ in range(rolls):
        await _under_load(made, url, copy.token, roll)
    return made


async def _under_load(made: Rolls, url: str, token: str, roll: Roll) -> None:
    """One roll with both loads on, which begin before it and end after it."""
    stop = asyncio.Event()
    loads = [
        asyncio.create_task(
            load(
                url,
                token,
                seconds=_LONGEST_S,
                connections=connections,
                keep_alive=keep_alive,
                chat_share=made.chat_share,
                stop=stop,
            )
        )
        for connections, keep_alive in ((KEEP, True), (CLOSE, False))
    ]
    try:
        await asyncio.sleep(_MARGIN_S)
        made.seconds.append(await roll())
        await asyncio.sleep(_MARGIN_S)
    finally:
        stop.set()
        kept, closed = await asyncio.gather(*loads)
    made.kept += kept
    made.closed += closed
    made.loaded_seconds += kept.wall_seconds
    report.note(
        f"  {made.way}: roll {len(made.seconds)} took {made.seconds[-1]:.1f} s, "
        f"{kept.failed + closed.failed} of {kept.sent + closed.sent} requests lost"
    )


@asynccontextmanager
async def reloading_proxy(copy: Copy) -> AsyncIterator[tuple[str, str]]:
    """A second Caddy before the same replicas, with an admin API; gives its URL and that of the API."""
    port, admin = free_port(), free_port()
    urls = [r.url for r in await copy.driver().replicas() if r.url]
    document = _reloading(copy, port, admin, urls)
    with tempfile.TemporaryDirectory(prefix="xiong-bench-caddy-") as folder:
        file = Path(folder) / "caddy.json"
        file.write_text(json.dumps(document))
        process = await asyncio.create_subprocess_exec(
            *commands.caddy(find_programs().caddy, file),
            env={**commands.BASE_ENVIRONMENT, "HOME": folder, "XDG_DATA_HOME": folder},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await listening(port)
            yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin}"
        finally:
            process.terminate()
            await process.wait()


def _reloading(copy: Copy, port: int, admin: int, urls: list[str]) -> dict[str, Any]:
    """The product's own configuration, but with an admin API and only the replicas that run."""
    document = proxy.configuration(
        copy.settings.proxy,
        services.front_of(copy.settings.proxy, copy.layout, replace(copy.ports, proxy=port)),
    )
    document["admin"] = {"listen": f"127.0.0.1:{admin}", "config": {"persist": False}}
    routes = document["apps"]["http"]["servers"]["service"]["routes"]
    handlers = [h for route in routes for h in route["handle"] if h["handler"] == "reverse_proxy"]
    (forward,) = handlers
    forward["@id"] = PROXY_ID
    forward["upstreams"] = [{"dial": url.removeprefix("http://")} for url in urls]
    return document


def _show(name: str, ways: list[Rolls]) -> None:
    ours = ways[0].both
    rows = []
    for made in ways:
        both = made.both
        rows.append(
            [
                made.way,
                len(made.seconds),
                f"{report.median(made.seconds):.1f} s",
                f"{both.sent:,}",
                f"{both.sent / made.loaded_seconds:,.0f}",
                f"{made.kept.failed} / {made.closed.failed}",
                ", ".join(f"{n} {kind}" for kind, n in both.methods_and_kinds.items()) or "-",
                f"{both.lost_per_100_000:.2f}",
                report.ratio(both.lost_per_100_000, ours.lost_per_100_000) if ours.failed else "ours is 0",
                f"{1000 * both.p50:.1f} / {1000 * both.p99:.0f} / {1000 * both.slowest:.0f}",
            ]
        )
    heads = ["way", "rolls", "roll, median", "requests", "per second", "lost: kept / closed", "kinds"]
    heads += ["lost per 100,000", "over ours", "p50 / p99 / slowest, ms"]
    report.table(f"{name}: requests lost while {REPLICAS} replicas are replaced under load", heads, rows)
    report.note(
        f"The receipts of `xiong deploy`: {ways[0].probe_failed} of {ways[0].probed} probe messages failed.\n"
        f"Load: {KEEP} kept connections and {CLOSE} requests at a time on new ones; "
        f"{ways[0].chat_share:.0%} of the requests are chat messages."
    )
    if not ours.failed:
        bound = 100_000 * 3.0 / ours.sent  # rule of three
        report.note(f"0 of {ours.sent:,} means, at 95 % confidence, fewer than {bound:.2f} per 100,000.")
    report.save(name, {made.way: _raw(made) for made in ways})


def _raw(made: Rolls) -> dict[str, Any]:
    return {
        "roll_seconds": made.seconds,
        "sent": made.both.sent,
        "failed": made.both.failed,
        "kinds": made.both.kinds,
        "failures": made.both.failures[:50],
        "probe": [made.probe_failed, made.probed],
    }
