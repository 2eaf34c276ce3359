"""`xiong drill`: breaks something on purpose, and measures what becomes of it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from xiong.cli import render
from xiong.cli.session import DryRun, Session, Timeout, session
from xiong.errors import ExitCode
from xiong.model.drill import DrillHistory, DrillOutcome, DrillResult, DrillRun
from xiong.operations.drill import report as report_operation
from xiong.operations.drill import run as run_operation
from xiong.operations.drill import score
from xiong.operations.drill.drill import Drill, Limits
from xiong.operations.drill.report import VerifiedReport, cell
from xiong.operations.drill.run import DrillList

_STYLES = {
    DrillOutcome.PASSED: "green",
    DrillOutcome.FAILED: "bold red",
    DrillOutcome.NOT_RUN: "yellow",
}
_MEASURES = ("detect", "told", "page", "heal")
# In a file or a pipe a row is a line; a terminal folds it.
_stdout = Console(highlight=False, width=None if sys.stdout.isatty() else 240)


class _RunsByDefault(TyperGroup):
    """`xiong drill kill-replica` is `xiong drill run kill-replica`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in self.commands and first != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunsByDefault,
    help="Breaks something on purpose, measures, mends: `xiong drill kill-replica`, `xiong drill --all`.",
    rich_markup_mode=None,
)


@app.callback()
def drill() -> None:
    """Breaks something on purpose, measures, mends."""


@app.command("run")
def run(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Drills, in this order.")] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="All of them, one after the other.")] = False,
    only_list: Annotated[
        bool, typer.Option("--list", help="Show which there are and what each promises; run none.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write a signed report there (JSON, HTML)."),
    ] = None,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """Drills by name; exit code 1 if one fails. `run` may be left out."""
    here = session(context)
    if only_list:
        work = run_operation.listed(here.platform, here.settings, here.clock, render.progress)
        here.show(here.run(work, timeout), _listed)
        return
    drills = run_operation.chosen(names or [], all_of_them=all_of_them)
    if dry_run:
        here.show_plan([_planned(one) for one in drills])
        return
    made = here.run(_made(here, drills, report), timeout)
    here.show(made, _run)
    if not made.passed:
        raise typer.Exit(ExitCode.FAILED)


async def _made(here: Session, drills: tuple[Drill, ...], folder: Path | None) -> DrillRun:
    made = await run_operation.run(here.platform, here.settings, here.clock, render.progress, drills)
    if folder is None:
        return made
    return replace(made, report=str(await report_operation.write(here.platform, made, folder)))


@app.command("history")
def history(context: typer.Context, timeout: Timeout = 30) -> None:
    """Drills that were run, newest first."""
    here = session(context)

    async def found() -> DrillHistory:
        return DrillHistory(tuple(await score.history(here.platform.records)))

    here.show(here.run(found(), timeout), _history)


@app.command("verify")
def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The .json of a report.")],
    timeout: Timeout = 30,
) -> None:
    """Whether a report is as this copy wrote it; exit code 1 if not."""
    here = session(context)
    here.show(here.run(report_operation.verify(here.platform, file), timeout), _verified)


def _planned(one: Drill) -> str:
    return f"{one.name}: {one.title}; promised {_promised(one.limits)}; {one.heals.value} ends it"


def _promised(limits: Limits) -> str:
    times = (
        ("detect", limits.detect_seconds),
        ("told", limits.told_seconds),
        ("page", limits.page_seconds),
        ("heal", limits.heal_seconds),
    )
    return ", ".join(f"{name} {seconds:g} s" for name, seconds in times if seconds is not None)


def _listed(found: DrillList) -> None:
    table = Table("drill", "what happens", "promised", "ends it", "here", box=None, pad_edge=False)
    for one in found.drills:
        here = f"[yellow]not run: {escape(one.lacks)}[/yellow]" if one.lacks else "yes"
        table.add_row(one.name, one.title, _promised(one.limits), one.heals.value, here)
    _stdout.print(table)


def _run(made: DrillRun) -> None:
    _stdout.print(_table(made.results, since=False))
    for result in made.results:
        for line in result.why:
            _stdout.print(f"  ! {result.drill}  {escape(line)}")
    counts = ", ".join(f"{made.count(outcome)} {outcome}" for outcome in DrillOutcome)
    _stdout.print(f"{counts} in {made.seconds:.0f} s; seconds measured / promised at most")
    if made.report:
        _stdout.print(f"report  {escape(made.report)}")


def _history(found: DrillHistory) -> None:
    if not found.results:
        _stdout.print("no drill was ever run here (xiong drill --list)")
        return
    _stdout.print(_table(found.results, since=True))


def _table(results: tuple[DrillResult, ...], *, since: bool) -> Table:
    when = ("begun (UTC)",) if since else ()
    table = Table(
        *when, "drill", "outcome", *_MEASURES, "messages", "unanswered", "lost", box=None, pad_edge=False
    )
    for result in results:
        style = _STYLES[result.outcome]
        load = result.load
        table.add_row(
            *([f"{result.begun_at:%Y-%m-%d %H:%M:%S}"] if since else []),
            result.drill,
            f"[{style}]{result.outcome}[/{style}]",
            *(cell(result.measure(name)) for name in _MEASURES),
            str(load.sent),
            str(load.unanswered),
            str(load.lost),
        )
    return table


def _verified(found: VerifiedReport) -> None:
    _stdout.print(
        f"[green]genuine[/green]  {found.file}: {found.passed} passed, {found.failed} failed, "
        f"{found.not_run} not run, begun {found.begun_at:%Y-%m-%d %H:%M:%S} UTC"
    )
