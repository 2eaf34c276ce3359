"""`xiong watch`: the daemon in the foreground; `up` runs one below the supervisor."""

from __future__ import annotations

from typing import Annotated

import typer

from xiong.cli import render
from xiong.cli.session import Timeout, session
from xiong.daemon.watch import watch as run_watch


def watch(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of its metrics; default watch.port, 0 is any free one."),
    ] = None,
    timeout: Timeout = None,
) -> None:
    """The daemon: looks at everything in turns and shows it as metrics; one leads, another waits."""
    here = session(context)
    where = here.settings.watch.port if port is None else port
    here.run(run_watch(here.platform, here.settings, here.clock, render.progress, port=where), timeout)
