"""`xiong person export | erase`: one person's data, or its erasure, by request."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xiong.cli import render
from xiong.cli.session import DryRun, Timeout, session
from xiong.errors import UsageError
from xiong.operations import person as person_operation
from xiong.operations.person import PersonErasure, PersonExport

app = typer.Typer(help="One person's data by request.", no_args_is_help=True, rich_markup_mode=None)
Person = Annotated[str, typer.Argument(help="The person's id, as the calling application gives it.")]
Application = Annotated[
    str, typer.Option("--application", metavar="NAME", help="Only what came by this application.")
]


@app.callback()
def person() -> None:
    """One person's data by request."""


@app.command("export")
def export(
    context: typer.Context,
    person: Person,
    application: Application = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there, readable by you alone.")
    ] = None,
    timeout: Timeout = 600,
) -> None:
    """Everything that is held of a person, as one JSON document."""
    here = session(context)
    work = person_operation.export(
        here.platform, here.clock, person=person, application=application or None, out=out
    )
    here.show(here.run(work, timeout), _export)


@app.command("erase")
def erase(
    context: typer.Context,
    person: Person,
    application: Application = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, without anybody's name; recorded.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Confirm: it cannot be undone.")] = False,
    force_open_page: Annotated[
        bool,
        typer.Option("--force-open-page", help="Also while a page calls for help for this person."),
    ] = False,
    dry_run: DryRun = False,
    timeout: Timeout = 600,
) -> None:
    """Take a person out of everything; what the audit keeps names nobody."""
    here = session(context)
    if not reason.strip():
        raise UsageError("an erasure is recorded with its reason", hint="xiong person erase ID --reason TEXT")
    if not yes and not dry_run:
        raise UsageError("an erasure cannot be undone", hint="add --yes, or --dry-run to see what would go")
    work = person_operation.erase(
        here.platform,
        here.clock,
        person=person,
        application=application or None,
        reason=reason,
        force_open_page=force_open_page,
        dry_run=dry_run,
    )
    here.show(here.run(work, timeout), _erasure)


def _export(made: PersonExport) -> None:
    if made.document is not None:
        render.document(made.document)
        return
    render.line(f"written  {made.file}")
    for name, count in made.rows.items():
        render.line(f"  {count:>6} {name}")


def _erasure(made: PersonErasure) -> None:
    if made.already:
        render.line("nothing was left: this person was erased before")
    else:
        render.line("would erase" if made.dry_run else f"erased  (entry {made.erasure})")
    for name, count in made.erased.items():
        render.line(f"  {count:>6} {name.replace('_', ' ')}")
