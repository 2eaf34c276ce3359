"""`xiong notices list | test`: what operators were told that is no crisis, and whether it reaches them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from xiong.cli.session import DryRun, Timeout, session
from xiong.errors import ExitCode
from xiong.model.notice import Notice
from xiong.operations.notice_trial import Trial, try_addresses
from xiong.operations.notices import list_notices

app = typer.Typer(help="What operators were told, and whether it reaches them.", rich_markup_mode=None)
_stdout = Console(highlight=False, soft_wrap=True, markup=False)
_SHOWN = 20


@app.callback(invoke_without_command=True)
def notices(context: typer.Context) -> None:
    """What operators were told; alone it lists the newest."""
    if context.invoked_subcommand is None:
        list_(context)


@app.command("list")
def list_(
    context: typer.Context,
    all_of_them: Annotated[
        bool, typer.Option("--all", help="All that are kept, not only the newest 20.")
    ] = False,
    timeout: Timeout = 30,
) -> None:
    """What operators were told, newest first, and how far each is on its way."""
    here = session(context)
    found = here.run(list_notices(here.platform.records), timeout)
    here.show(tuple(found if all_of_them else found[:_SHOWN]), _list)


@app.command("test")
def try_them(context: typer.Context, dry_run: DryRun = False, timeout: Timeout = 120) -> None:
    """Send a trial to each address of notices.urls_file, now, and say which took it."""
    here = session(context)
    if dry_run:
        here.show_plan(["send a trial to each address in notices.urls_file; nothing is recorded"])
        return
    made = here.run(try_addresses(here.platform, here.settings), timeout)
    here.show(made, _trial)
    if not made.ok:
        raise typer.Exit(ExitCode.FAILED)


def _list(found: tuple[Notice, ...]) -> None:
    if not found:
        _stdout.print("no notice")
    for notice in found:
        _stdout.print(f"{notice.at:%F %T} UTC  {notice.state:<13}  {notice.title}")
        for delivery in notice.deliveries:
            sent = f"taken at {delivery.sent_at:%F %T} UTC" if delivery.sent_at else delivery.error
            _stdout.print(f"    {delivery.address}  {sent} ({delivery.tries} tries)")


def _trial(made: Trial) -> None:
    for one in made.addresses:
        _stdout.print(
            f"{'taken' if one.taken else 'NOT taken'}  {one.address}  {one.seconds:.1f} s  {one.error}"
        )
