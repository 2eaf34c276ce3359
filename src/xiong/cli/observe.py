"""The verbs that only look: status, releases, history."""

from __future__ import annotations

import typer

from xiong.cli import render
from xiong.cli.session import Timeout, session
from xiong.errors import ExitCode
from xiong.operations import releases as releases_operation
from xiong.operations import status as status_operation


def status(context: typer.Context, timeout: Timeout = 30) -> None:
    """What runs and whether it answers; exit code 3 when it is unhealthy."""
    here = session(context)
    found = here.run(status_operation.status(here.platform, here.settings, here.clock), timeout)
    here.show(found, render.status)
    if not found.healthy:
        raise typer.Exit(ExitCode.UNHEALTHY)


def releases(context: typer.Context, timeout: Timeout = 30) -> None:
    """What could be deployed or rolled back to."""
    here = session(context)
    here.show(here.run(releases_operation.releases(here.platform), timeout), render.releases)


def history(context: typer.Context, timeout: Timeout = 30) -> None:
    """What ran when, by whom, with which receipt."""
    here = session(context)
    here.show(here.run(releases_operation.history(here.platform), timeout), render.history)
