"""`xiong backup create | list | verify | prune`: sets of sealed objects, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from xiong.cli import backup_text, render
from xiong.cli.session import DryRun, Timeout, session
from xiong.errors import ExitCode, UsageError
from xiong.model.backup import BackupKind, Verification, VerifyOutcome
from xiong.operations.backup import create as create_operation
from xiong.operations.backup import listing as list_operation
from xiong.operations.backup import prune as prune_operation
from xiong.operations.backup import verify as verify_operation
from xiong.operations.backup.prune import Pruned

app = typer.Typer(
    help="Sets of sealed objects, and what is kept of them.", no_args_is_help=True, rich_markup_mode=None
)


@dataclass(frozen=True)
class VerifiedSets:
    """What `backup verify` found, one for each set and repository."""

    sets: tuple[Verification, ...]


@dataclass(frozen=True)
class PrunedRepositories:
    """What `backup prune` deleted, or with `--dry-run` would."""

    dry_run: bool
    repositories: tuple[Pruned, ...]


@app.callback()
def backup() -> None:
    """Sets of sealed objects, and what is kept of them."""


@app.command("create")
def create(
    context: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="By itself, on top of no other set.")] = False,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Only what changed since the newest set.")
    ] = False,
    dump: Annotated[
        bool | None,
        typer.Option(
            "--dump/--no-dump", help="With a dump that another major version reads; default as due."
        ),
    ] = None,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """A set in every repository, now."""
    here = session(context)
    if full and incremental:
        raise UsageError("--full and --incremental do not go together", hint="xiong backup create --help")
    kind = BackupKind.FULL if full else BackupKind.INCREMENTAL if incremental else None
    if dry_run:
        here.show_plan(
            [
                f"a base backup ({kind or 'its kind by the schedule'}), sealed as it streams",
                "a restore point; rows and digests counted there",
                "the cache's snapshot, records, settings with their secrets",
                "the write-ahead log up to that point",
                "the signed manifest, last of all, in "
                + (", ".join(here.settings.backup.repositories) or "the folder beside the data"),
            ]
        )
        return
    work = create_operation.create(
        here.platform, here.settings, here.clock, render.progress, kind=kind, dump=dump
    )
    here.show(list_operation.listed(here.run(work, timeout)), backup_text.created)


@app.command("list")
def list_(context: typer.Context, timeout: Timeout = 120) -> None:
    """What lies in each repository, how far back a restore reaches; exit code 1 where one is away."""
    here = session(context)
    found = here.run(list_operation.listing(here.platform, here.settings, here.clock), timeout)
    here.show(found, backup_text.listing)
    if any(repository.fault for repository in found.repositories):
        raise typer.Exit(ExitCode.FAILED)


@app.command("verify")
def verify(
    context: typer.Context,
    backup: Annotated[
        str, typer.Argument(metavar="[ID]", help="A set, by id or its beginning, `newest` or `all`.")
    ] = verify_operation.NEWEST,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """Open and check every byte of a set and of the log it needs; exit code 1 where anything is wrong."""
    here = session(context)
    if dry_run:
        here.show_plan(
            [
                f"check the signature of {backup} and of what it builds on",
                "open every object, compare both hashes, unpack into a private folder beside the data",
                "pg_verifybackup, valkey-check-rdb, the log without a gap",
                "write the signed result beside it",
            ]
        )
        return
    work = verify_operation.verify(here.platform, here.settings, here.clock, render.progress, backup=backup)
    found = VerifiedSets(here.run(work, timeout))
    here.show(found, lambda result: backup_text.verified(result.sets))
    if any(one.outcome is VerifyOutcome.BAD for one in found.sets):
        raise typer.Exit(ExitCode.FAILED)


@app.command("prune")
def prune(context: typer.Context, dry_run: DryRun = False, timeout: Timeout = None) -> None:
    """Delete what retention no longer keeps; exit code 1 where a manifest is not believed."""
    here = session(context)
    work = prune_operation.prune(here.platform, here.settings, here.clock, render.progress, dry_run=dry_run)
    found = PrunedRepositories(dry_run, here.run(work, timeout))
    here.show(found, lambda result: backup_text.pruned(result.repositories, dry_run=result.dry_run))
    if any(one.faults for one in found.repositories):
        raise typer.Exit(ExitCode.FAILED)
