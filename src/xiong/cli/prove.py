"""`xiong prove`: every artifact on its real component, as a matrix."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from xiong.cli import render
from xiong.cli.session import Timeout, session
from xiong.errors import ExitCode
from xiong.operations.prove.areas import prove as run_prove
from xiong.operations.prove.matrix import Matrix, Proof, Verdict

_STYLES = {Verdict.PROVED: "green", Verdict.GAP: "bold red", Verdict.NOT_RUN: "yellow"}
# In a file or a pipe a row is a line; a terminal folds it.
_stdout = Console(highlight=False, width=None if sys.stdout.isatty() else 240)


def prove(
    context: typer.Context,
    areas: Annotated[
        list[str] | None, typer.Argument(metavar="AREA", help="alerts or dashboards; none is all.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Artifacts whose name begins so; may be repeated."),
    ] = None,
    require: Annotated[
        bool, typer.Option("--require", help="What was not run, since its component is absent, is a gap.")
    ] = False,
    timeout: Timeout = None,
) -> None:
    """Every artifact on its real component, as a matrix; exit code 1 on any gap."""
    here = session(context)
    work = run_prove(
        here.platform,
        here.settings,
        here.clock,
        render.progress,
        areas=areas or [],
        only=only or [],
        required=require,
    )
    matrix = here.run(work, timeout)
    here.show(matrix, _matrix)
    if not matrix.whole():
        raise typer.Exit(ExitCode.FAILED)


def _matrix(made: Matrix) -> None:
    steps = list(dict.fromkeys(step for proof in made.proofs for step in proof.steps))
    table = Table("area", "artifact", "verdict", *steps, "why", box=None, pad_edge=False)
    for proof in made.proofs:
        table.add_row(*_row(proof, steps))
    _stdout.print(table)
    counts = ", ".join(f"{made.count(verdict)} {verdict}" for verdict in Verdict)
    _stdout.print(f"{counts} in {made.seconds:.0f} s")


def _row(proof: Proof, steps: list[str]) -> list[str]:
    style = _STYLES[proof.verdict]
    seen = [escape(proof.steps.get(step, "")) for step in steps]
    return [
        proof.area,
        escape(proof.artifact),
        f"[{style}]{proof.verdict}[/{style}]",
        *seen,
        escape(proof.why),
    ]
