"""`xiong secrets rotate`: new passwords, tokens and keys without a lost request."""

from __future__ import annotations

from typing import Annotated

import typer

from xiong.cli import render
from xiong.cli.session import DryRun, Timeout, session
from xiong.operations.secrets import names
from xiong.operations.secrets import rotate as rotate_operation
from xiong.operations.secrets.rotate import Rotated

app = typer.Typer(
    help="The copy's own passwords, tokens and keys.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def secrets() -> None:
    """The copy's own passwords, tokens and keys."""


@app.command("rotate")
def rotate(
    context: typer.Context,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=f"Of {', '.join(names.ROTATED)}; default all."),
    ] = None,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """New ones without a lost request; the old ones are refused afterwards. Finishes a killed rotation."""
    here = session(context)
    if dry_run:
        planned = here.run(rotate_operation.plan(here.platform, here.settings, wanted=wanted or ()))
        here.show_plan([names.WORDS[step] for step in (*planned.finishes, *planned.steps)])
        return
    work = rotate_operation.rotate(
        here.platform, here.settings, here.clock, render.progress, wanted=wanted or ()
    )
    here.show(here.run(work, timeout), _rotated)


def _rotated(made: Rotated) -> None:
    if made.finished:
        render.line(f"finished what was stopped  {', '.join(made.finished)}")
    if made.rotated:
        render.line(f"changed  {', '.join(made.rotated)}")
    for name, why in made.left.items():
        render.line(f"left     {name}: {why}")
    for receipt in made.receipts:
        render.receipt(receipt)
