"""What instrumentation costs a request: CPU of the server, with ours, with none, with another's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import report
from bench.load import drive, get
from bench.ports import free_port, serving

PATH = "/bench/hello"
_CONNECTIONS = 16
_WORDS = {"bare": "none", "ours": "ours (Gateway + Intake)", "instrumentator": "fastapi-instrumentator"}


@dataclass
class Variant:
    """One server, and what each round saw of it."""

    name: str
    port: int
    process: psutil.Process
    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)


async def run(*, quick: bool) -> None:
    """Called by `python -m bench http`."""
    rounds, requests = (3, 4_000) if quick else (9, 20_000)
    async with AsyncExitStack() as stack:
        variants = [await stack.enter_async_context(_served(name)) for name in _WORDS]
        for variant in variants:
            await _ask(variant, requests // 4)
            variant.cpu.clear()
            variant.rate.clear()
        for _ in range(rounds):
            for variant in variants:
                await _ask(variant, requests)
    _show(variants, requests)


async def _ask(variant: Variant, requests: int) -> None:
    request = get(variant.url, PATH)
    before = variant.cpu_seconds()
    seen = await drive(variant.url, lambda _: request, requests=requests, connections=_CONNECTIONS)
    assert not seen.failed, seen.kinds
    variant.cpu.append(1e6 * (variant.cpu_seconds() - before) / requests)
    variant.rate.append(seen.per_second)


@asynccontextmanager
async def _served(name: str) -> AsyncIterator[Variant]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--factory", f"bench.served:{name}"),
        *("--host=127.0.0.1", f"--port={port}", "--no-access-log", "--log-level=warning"),
        cwd=Path(__file__).parents[1],
    )
    try:
        await serving(port, PATH)
        yield Variant(name, port, psutil.Process(process.pid))
    finally:
        process.terminate()
        await process.wait()


def _show(variants: list[Variant], requests: int) -> None:
    none = variants[0]
    rows = []
    for variant in variants:
        # each round is compared with the same round of the bare server: the machine's mood cancels out
        over = report.median([a - b for a, b in zip(variant.cpu, none.cpu, strict=True)])
        of = report.median([a / b for a, b in zip(variant.cpu, none.cpu, strict=True)])
        rate = report.median([a / b for a, b in zip(variant.rate, none.rate, strict=True)])
        rows.append(
            [
                _WORDS[variant.name],
                f"{report.median(variant.cpu):.0f} ({min(variant.cpu):.0f})",
                f"{over:+.0f}",
                f"{of:.2f}×",
                f"{report.median(variant.rate):,.0f}",
                f"{rate:.2f}×",
            ]
        )
    heads = ["instrumentation", "CPU µs per request, median (least)", "over none", "ratio"]
    heads += ["requests per second", "ratio"]
    title = f"http: one worker, {len(none.cpu)} interleaved rounds of {requests:,} requests"
    report.table(title, heads, rows)
    report.save("http", {v.name: {"cpu_us": v.cpu, "per_second": v.rate} for v in variants})
