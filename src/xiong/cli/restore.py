"""`xiong restore`: data back to a moment, beside the old, checked, and only then in its place."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from xiong.cli import render
from xiong.cli.session import DryRun, Session, Timeout, session
from xiong.errors import UsageError
from xiong.model.restore import Restored, RestorePlan, Target
from xiong.operations.restore import kept as kept_operation
from xiong.operations.restore import restore as operation


@dataclass(frozen=True)
class KeptData:
    """What `--confirm` deleted, or `--undo` put back."""

    done: str
    data: tuple[str, ...]


def restore(
    context: typer.Context,
    backup: Annotated[str, typer.Argument(help="Id of a set, or `newest`: all that is stored.")] = "newest",
    at: Annotated[
        str, typer.Option("--at", help="A time, e.g. 2026-11-29T01:15:00+08:00; without a zone UTC.")
    ] = "",
    at_restore_point: Annotated[
        str, typer.Option("--at-restore-point", help="A named point, e.g. of a deploy (`xiong history`).")
    ] = "",
    into: Annotated[
        Path | None, typer.Option("--into", help="Only make a data folder there; nothing is replaced.")
    ] = None,
    yes_restore: Annotated[
        str, typer.Option("--yes-restore", metavar="ID", help="Do not ask: the id of the set, or `newest`.")
    ] = "",
    logical: Annotated[
        bool, typer.Option("--logical", help="Load the set's dump: for a newer major version of PostgreSQL.")
    ] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Delete what earlier restores replaced.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Put back what the last restore replaced.")] = False,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """Data back to a moment; the old is kept until it is confirmed."""
    here = session(context)
    if confirm or undo:
        _kept(here, confirm=confirm, undo=undo, timeout=timeout)
        return
    target = _target(backup, at, at_restore_point, logical=logical)
    surroundings = (here.platform, here.settings, here.clock, render.progress, target)
    planned = here.run(operation.plan(*surroundings), timeout)
    if dry_run:
        here.show(planned, _as_plan)
        return
    if into is None:
        _agreed(planned, backup, yes_restore)
    elif into.exists():
        raise UsageError(f"{into} is there already: expected a path that is not", hint="ls")
    here.show(here.run(operation.restore(*surroundings, into=into), timeout), _as_text)


def _target(backup: str, at: str, point: str, *, logical: bool) -> Target:
    if logical and (at or point):
        raise UsageError("a dump is of one moment: --logical goes with no --at", hint="xiong backup list")
    if at and point:
        raise UsageError("--at and --at-restore-point do not go together", hint="xiong restore --help")
    if (at or point) and backup != "newest":
        raise UsageError(
            "a set is chosen by itself where a time or a point is named", hint="xiong restore --at TIME"
        )
    if not at:
        return Target(backup, None, point, logical)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise UsageError(f"{at!r} is no time: expected e.g. 2026-11-29T01:15:00+08:00") from error
    return Target(backup, moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))


def _agreed(planned: RestorePlan, asked: str, yes: str) -> None:
    """A restore takes live data away: somebody types which set that is for."""
    if yes in {planned.backup, asked} and yes:
        return
    if yes:
        raise UsageError(f"--yes-restore {yes}, but the set is {planned.backup}", hint="xiong backup list")
    if not sys.stdin.isatty():
        raise UsageError(
            f"this replaces the live data by {planned.target}, and nobody agreed",
            hint=f"xiong restore … --yes-restore {planned.backup}",
        )
    _as_plan(planned)
    if typer.prompt(f"Type {planned.backup} to replace the live data", err=True).strip() != planned.backup:
        raise UsageError("not what was asked for: nothing was changed")


def _kept(here: Session, *, confirm: bool, undo: bool, timeout: float | None) -> None:
    if confirm and undo:
        raise UsageError("--confirm and --undo do not go together", hint="xiong restore --help")
    if confirm:
        gone = here.run(kept_operation.confirm(here.platform, render.progress), timeout)
        here.show(KeptData("deleted", tuple(gone)), _as_kept)
        return
    work = kept_operation.undo(here.platform, here.settings, here.clock, render.progress)
    here.show(KeptData("put back", tuple(here.run(work, timeout))), _as_kept)


def _as_kept(found: KeptData) -> None:
    typer.echo(f"{found.done}: {', '.join(found.data) or 'nothing is kept'}")


def _as_plan(planned: RestorePlan) -> None:
    typer.echo(
        f"restore to {planned.target}, from {planned.repository}, about {planned.bytes >> 20} MiB",
        file=sys.stderr,
    )
    for number, step in enumerate(planned.steps, 1):
        typer.echo(f"  {number}. {step}", err=True)


def _as_text(done: Restored) -> None:
    typer.echo(f"restored {done.target} from {done.backup}")
    typer.echo(f"  rows      {done.rows}, schema {done.revision}")
    newest = f"{done.last_commit:%Y-%m-%d %H:%M:%S} UTC" if done.last_commit else "not told"
    lost = "" if done.rpo_seconds is None else f", {done.rpo_seconds:g} s before the moment that was meant"
    typer.echo(f"  newest    {newest}{lost}")
    typer.echo(f"  erased    {done.erased} people again")
    typer.echo(f"  seconds   {', '.join(f'{name} {seconds:g}' for name, seconds in done.seconds.items())}")
    if done.into:
        typer.echo(f"  into      {done.into}")
        return
    typer.echo(f"  gated     {done.gated_seconds:g} s")
    for kept in done.kept:
        typer.echo(f"  kept      {kept}")
    typer.echo("  next      xiong restore --confirm (deletes what was replaced) or --undo (puts it back)")
