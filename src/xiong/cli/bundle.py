"""`xiong bundle`: one archive for whoever helps, and what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xiong.cli import render
from xiong.cli.durations import duration
from xiong.cli.session import Timeout, session
from xiong.operations.bundle.bundle import bundle as make_bundle
from xiong.operations.bundle.contents import Bundle, BundledFile


def bundle(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The archive; else a name with the time.")
    ] = None,
    since: Annotated[str, typer.Option("--since", help="How far back the logs go: 30m, 1h, 2d.")] = "1h",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would hold, and keep nothing.")
    ] = False,
    timeout: Timeout = 600,
) -> None:
    """One archive for whoever helps: status, checks, receipts, recent logs, versions; nobody's data."""
    here = session(context)
    work = make_bundle(
        here.platform,
        here.settings,
        here.clock,
        out=out,
        since=duration(since),
        dry_run=dry_run,
    )
    here.show(here.run(work, timeout), _bundle)


def _bundle(made: Bundle) -> None:
    """What is in it first: it is to be read before it is sent."""
    files = made.manifest.files
    for file in files:
        render.line(f"  {file.name:<28} {_size(file.bytes):>10}{_taken_out(file)}")
        if file.fault:
            render.line(f"    not had, or not whole: {file.fault}")
    what = f"{_size(made.bytes)}, {len(files)} files, {made.missing} not had"
    if made.file is None:
        render.line(f"would hold this  ({what}); nothing was kept")
        return
    render.line(f"written  {made.file}  ({what})")
    render.line("  sent nowhere: read it first, then give it to whoever helps")
    render.line(f"  read it   tar -xzOf '{made.file}' | less")


def _taken_out(file: BundledFile) -> str:
    taken = ((file.personal, "personal"), (file.secrets, "secret"))
    words = [f"{count} {word}" for count, word in taken if count]
    return f"   taken out: {', '.join(words)}" if words else ""


def _size(count: int) -> str:
    return f"{count / 1024:,.1f} KiB"
