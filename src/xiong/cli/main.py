"""Entry of `xiong`: parses, runs one verb, turns an error into text and an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from xiong import __version__
from xiong.cli import (
    backup,
    bundle,
    console,
    drill,
    health,
    init,
    lifecycle,
    notices,
    observe,
    pages,
    person,
    prove,
    recover,
    render,
    restore,
    secrets,
    watch,
)
from xiong.cli.session import Session
from xiong.config.load import load_settings
from xiong.errors import XiongError
from xiong.tools.clock import SystemClock

app = typer.Typer(
    name="xiong",
    help="Runs, deploys, watches and recovers XiongiChat: the same verbs on every platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verb in (
    init.init,
    lifecycle.up,
    lifecycle.down,
    lifecycle.deploy,
    lifecycle.rollback,
    lifecycle.scale,
    lifecycle.migrate,
    observe.status,
    health.health,
    observe.releases,
    observe.history,
    watch.watch,
    recover.recover,
    bundle.bundle,
    prove.prove,
    restore.restore,
):
    app.command()(verb)
app.add_typer(backup.app, name="backup")
app.add_typer(secrets.app, name="secrets")
app.add_typer(pages.app, name="pages")
app.add_typer(notices.app, name="notices")
app.add_typer(drill.app, name="drill")
app.add_typer(person.app, name="person")
app.add_typer(console.app, name="console")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings; default xiong.toml if present.")
    ] = None,
    platform: Annotated[str | None, typer.Option("--platform", help="Where the service runs.")] = None,
    state: Annotated[Path | None, typer.Option("--state", help="Folder of the local platform.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """Runs, deploys, watches and recovers XiongiChat."""
    flags: dict[str, Any] = {k: v for k, v in {"platform": platform, "state": state}.items() if v is not None}
    context.obj = Session(load_settings(config, flags), as_json, SystemClock())


def run() -> NoReturn:
    """Called by the console script: `main`, and out at once.

    The threads of the object stores may be at work while Python takes itself down, which ends the process
    by SIGABRT after everything was done; so nothing is taken down.
    """
    code: int | str | None = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def main() -> None:
    """The command line; its errors become text and an exit code."""
    try:
        app(standalone_mode=True)
    except XiongError as failure:
        render.error(failure, as_json="--json" in sys.argv)
        sys.exit(int(failure.exit_code))


if __name__ == "__main__":
    main()
