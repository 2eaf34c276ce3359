"""`python -m api.migrate {upgrade,status,describe,lint}`: JSON on stdout, exit code 0 only when done.

Run as one job per release, before the roll, with the rights of the schema's owner.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from api.database.lint import findings
from api.database.migrator import MigrationDeadlineError, Migrator, migration_engine
from api.database.revisions import Revision, RevisionError, shipped
from api.logs import configure
from api.settings import Settings, SettingsError

DONE, FAILED, USAGE, DEADLINE = 0, 1, 2, 5


def describe(revisions: Sequence[Revision]) -> dict[str, list[str]]:
    """Returns what this code needs, knows, and may take away."""
    expand = [item.name for item in revisions if item.phase == "expand"]
    contract = [item.name for item in revisions if item.phase == "contract"]
    return {"requires": expand, "knows": [item.name for item in revisions], "contract": contract}


def compare(revisions: Sequence[Revision], applied: dict[str, str]) -> dict[str, list[str]]:
    """Returns what is applied and what is not."""
    pending = [item for item in revisions if item.name not in applied]
    return {
        "expand": [name for name, phase in applied.items() if phase == "expand"],
        "contract": [name for name, phase in applied.items() if phase == "contract"],
        "pending_expand": [item.name for item in pending if item.phase == "expand"],
        "pending_contract": [item.name for item in pending if item.phase == "contract"],
    }


async def _status(revisions: Sequence[Revision]) -> dict[str, Any]:
    engine = migration_engine(_database_url())
    try:
        return compare(revisions, await Migrator(engine, revisions).applied())
    finally:
        await engine.dispose()


async def _upgrade(revisions: Sequence[Revision], options: argparse.Namespace) -> dict[str, Any]:
    settings = Settings.from_environment(os.environ)
    log = configure(settings, sys.stderr.buffer)
    engine = migration_engine(settings.database_url.reveal())
    migrator = Migrator(
        engine,
        revisions,
        options.wait,
        lambda line: log.info(line, action="migrate.progress", component="migrate"),
    )
    try:
        applied = await migrator.upgrade(options.phase)
        return {"applied": applied, **compare(revisions, await migrator.applied())}
    finally:
        await engine.dispose()


def _database_url() -> str:
    return Settings.from_environment(os.environ).database_url.reveal()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.migrate", description="Brings the schema up.")
    commands = parser.add_subparsers(dest="command", required=True)
    upgrade = commands.add_parser("upgrade", help="apply what is pending of one phase")
    upgrade.add_argument("--phase", choices=("expand", "contract"), default="expand")
    upgrade.add_argument("--wait", type=float, default=120.0, help="seconds to wait for another run")
    commands.add_parser("status", help="what is applied and what is pending")
    commands.add_parser("describe", help="what this code needs and knows; asks no database")
    commands.add_parser("lint", help="refuse expand revisions that old code could not live with")
    return parser


def _execute(options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    revisions = shipped()
    if options.command == "describe":
        return DONE, describe(revisions)
    if options.command == "lint":
        found = [str(finding) for revision in revisions for finding in findings(revision)]
        return (FAILED if found else DONE), {"findings": found}
    if options.command == "status":
        return DONE, asyncio.run(_status(revisions))
    return DONE, asyncio.run(_upgrade(revisions, options))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code, result = _execute(options)
    except (SettingsError, RevisionError) as error:
        code, result = USAGE, {"error": str(error)}
    except MigrationDeadlineError as error:
        code, result = DEADLINE, {"error": str(error)}
    except (SQLAlchemyError, OSError) as error:
        # the first line says what was wrong; the rest would repeat the statement
        code, result = FAILED, {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:300]}"}
    sys.stdout.buffer.write(orjson.dumps(result) + b"\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
