"""`xiong pages list | ack | test`: the calls for help, for those who answer them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from xiong.cli import render
from xiong.cli.session import DryRun, Timeout, session
from xiong.errors import ExitCode
from xiong.operations import pages as pages_operation
from xiong.operations import rehearsal
from xiong.operations.pages import SHORT, ListedPage, PageList, TakenPage
from xiong.operations.rehearsal import Rehearsal

app = typer.Typer(
    help="Calls for help: who waits, who took over, and whether the path works.", rich_markup_mode=None
)
_stdout = Console(highlight=False, soft_wrap=True, markup=False)
# the verb gives up by itself, and says what is missing; this is for a service that hangs
_GRACE_SECONDS = 15.0


@app.callback(invoke_without_command=True)
def pages(context: typer.Context) -> None:
    """Calls for help; alone it lists those that nobody took over."""
    if context.invoked_subcommand is None:
        list_(context)


@app.command("list")
def list_(
    context: typer.Context,
    all_of_them: Annotated[
        bool, typer.Option("--all", help="Also those that somebody took over, the newest 500.")
    ] = False,
    timeout: Timeout = 30,
) -> None:
    """Calls for help that nobody took over yet."""
    here = session(context)
    found = here.run(pages_operation.list_pages(here.platform, all_of_them=all_of_them), timeout)
    here.show(found, lambda shown: _list(shown, context, all_of_them=all_of_them))


@app.command("ack")
def ack(
    context: typer.Context,
    page: Annotated[str, typer.Argument(help="Its id, or a beginning that only one page has.")],
    by: Annotated[str, typer.Option("--by", help="Who takes it over; empty is the system user.")] = "",
    dry_run: DryRun = False,
    timeout: Timeout = 30,
) -> None:
    """Take a call for help over: nobody else is called for it."""
    here = session(context)
    name = by or pages_operation.default_name()
    if dry_run:
        found = here.run(pages_operation.find(here.platform, page), timeout)
        here.show_plan([f"take page {found.id} over in the name of {name}"])
        return
    here.show(here.run(pages_operation.acknowledge(here.platform, page, name), timeout), _taken)


@app.command("test")
def try_path(
    context: typer.Context,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="Wait until each recipient has confirmed, too.")
    ] = False,
    dry_run: DryRun = False,
    timeout: Timeout = 60,
) -> None:
    """A rehearsal: a message in danger that nobody wrote, followed to every channel of the canary."""
    here = session(context)
    if dry_run:
        here.show_plan(
            [
                "send a message in danger through the proxy, marked as a rehearsal",
                "follow its page until every channel took it, or says why not",
                "close the page",
            ]
        )
        return
    seconds = 60.0 if timeout is None else timeout
    work = rehearsal.rehearse(
        here.platform, here.settings, here.clock, render.progress, seconds=seconds, confirmed=confirmed
    )
    made = here.run(work, seconds + _GRACE_SECONDS)
    here.show(made, _rehearsal)
    if not made.ok:
        raise typer.Exit(ExitCode.FAILED)


def _list(found: PageList, context: typer.Context, *, all_of_them: bool) -> None:
    if not found.pages:
        _stdout.print("no page" if all_of_them else "no open page")
        return
    now = session(context).clock.now()
    table = Table(
        "page", "level", "age", "events", "state", "who", "sent", "waiting", box=None, pad_edge=False
    )
    for page in found.pages:
        table.add_row(
            page.id[:SHORT],
            _level(page),
            _age(now - page.opened_at),
            str(page.events),
            page.state,
            page.acknowledged_by or "",
            str(page.sent),
            str(page.waiting),
        )
    _stdout.print(table)
    for page in found.pages:
        for line in page.failing if page.is_open else ():
            _stdout.print(f"  ! {page.id[:SHORT]}  {line}")


def _level(page: ListedPage) -> str:
    return page.level if page.kind == "crisis" else f"{page.level} ({page.kind})"


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, letter in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {letter}"
    return f"{seconds} s"


def _taken(taken: TakenPage) -> None:
    page = taken.page
    word = "taken over" if taken.first else "was taken over before"
    _stdout.print(f"{word}  page {page.id} by {page.acknowledged_by} at {page.acknowledged_at:%F %T} UTC")


def _rehearsal(made: Rehearsal) -> None:
    word = "through" if made.ok else "NOT through"
    _stdout.print(f"{word}  page {made.page}")
    _stdout.print(f"  message answered  {made.answered_seconds:.3f} s")
    _stdout.print(f"  page opened       {made.opened_seconds:.3f} s")
    table = Table("channel", "contact", "state", "sent", "received", box=None, pad_edge=False)
    for one in made.deliveries:
        table.add_row(
            one.channel, one.contact, one.state, _took(one.sent_seconds), _took(one.received_seconds)
        )
    _stdout.print(table)
    for fault in made.faults:
        _stdout.print(f"  ! {fault}")
    if made.hint:
        _stdout.print(f"next  {made.hint}")


def _took(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f} s"
