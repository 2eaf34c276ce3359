"""Runs the benchmarks named on the command line, or all of them."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop

from bench import (
    backup,
    backup_losses,
    crash,
    deploy_time,
    heal,
    http_cost,
    kubernetes_objects,
    kubernetes_rolls,
    log_cost,
    memory,
    pages,
    proxies,
    redaction,
    report,
    rolls,
)
from bench.product import Copy, running_copy

_ON_A_COPY: dict[str, Callable[..., Awaitable[None]]] = {
    "memory": memory.run,  # first: nothing has been asked of the copy yet
    "deploy_time": deploy_time.run,
    "crash": crash.run,
    "heal": heal.run,
    "rolls": rolls.run,
    "chat_rolls": rolls.run_chats,
}
_ALONE: dict[str, Callable[..., Awaitable[None]]] = {
    "http": http_cost.run,
    "redaction": redaction.run,
    "logging": log_cost.run,
    "pages": pages.run,
    "backup": backup.run,
    "backup_losses": backup_losses.run,
    "backup_growth": backup.run_growth,
    "proxies": proxies.run,
    "kubernetes_objects": kubernetes_objects.run,
    "kubernetes_rolls": kubernetes_rolls.run,
}
_SIZED = {"backup_growth"}


async def _run(names: list[str], *, quick: bool, large: bool, state: Path | None) -> None:
    report.note(f"Measured on {report.machine()}{', quick' if quick else ''}.")
    for name, measure in _ALONE.items():
        if name in names:
            await (partial(measure, large=large) if name in _SIZED else measure)(quick=quick)
    if not set(names) & set(_ON_A_COPY):
        return
    async with running_copy(state) as copy:
        await _on_copy(copy, names, quick=quick)


async def _on_copy(copy: Copy, names: list[str], *, quick: bool) -> None:
    for name in _ON_A_COPY:
        if name in names:
            await _ON_A_COPY[name](copy, quick=quick)


def main() -> None:
    known = [*_ALONE, *_ON_A_COPY]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--quick", action="store_true", help="Small counts: shows that it works.")
    parser.add_argument("--state", type=Path, help="Use this running copy and leave it running.")
    parser.add_argument("--large", action="store_true", help="backup_growth: 5 GB too; 20 GB of free disk.")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(known)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}: expected {', '.join(known)}")
    uvloop.run(
        _run(
            asked.names or known,
            quick=asked.quick,
            large=asked.large,
            state=asked.state and asked.state.absolute(),
        )
    )


if __name__ == "__main__":
    main()
