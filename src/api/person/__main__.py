"""`python -m api.person {export,erase,reapply,export-erasures}`: one JSON document on stdout.

Run as a task of the release by `xiong person`, and after a restore. Exit status 0: done; 1: refused or
failed (`error` says why, `hint` what to do); 2: wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from api.logs import Log, configure
from api.person.erasure import Request
from api.person.refusals import RefusedError
from api.person.requests import CacheAwayError, Requests, make_engine
from api.person.rows import Subject
from api.schemas import PERSON_PATTERN
from api.settings import Secret, Settings, SettingsError

DONE, FAILED, USAGE = 0, 1, 2


def _person(text: str) -> str:
    if not re.fullmatch(PERSON_PATTERN.strip("^$"), text):
        raise argparse.ArgumentTypeError("no id of a person")
    return text


def _text(text: str) -> str:
    if not text.strip() or len(text) > 500:
        raise argparse.ArgumentTypeError("must be some words, at most 500 characters")
    return text.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.person", description="One person's data by request.")
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="everything that is held of a person")
    erase = commands.add_parser("erase", help="take a person out; recorded")
    for command in (export, erase):
        command.add_argument("person", type=_person)
        command.add_argument("--application", type=_text, help="only what came by this one")
    erase.add_argument("--by", type=_text, required=True, help="who erases")
    erase.add_argument("--reason", type=_text, required=True, help="why, without anybody's name")
    erase.add_argument("--dry-run", action="store_true", help="only say what would go")
    erase.add_argument("--force-open-page", action="store_true", help="also while a page is open")
    again = commands.add_parser("reapply", help="erase again whoever was erased; after a restore")
    again.add_argument("--from", dest="source", type=Path, help="a newer register, made by `export-erasures`")
    again.add_argument(
        "--old-key-file",
        type=Path,
        action="append",
        default=[],
        help="an earlier SECRET_KEY; may be repeated",
    )
    commands.add_parser("export-erasures", help="the register of erasures, for `reapply`")
    return parser


async def _run(options: argparse.Namespace, settings: Settings, log: Log) -> Mapping[str, Any]:
    engine = make_engine(settings)
    requests = Requests(settings, engine)
    try:
        if options.command == "export-erasures":
            return await requests.erasures()
        if options.command == "reapply":
            keys = [Secret(file.read_text(encoding="utf-8").strip()) for file in options.old_key_file]
            done = await requests.reapply(options.source, keys)
            log.info("erasures were done again", action="person.reapplied", count=done["people"])
            return done
        subject = Subject(options.person, options.application)
        if options.command == "export":
            document = await requests.export(subject)
            log.info("a person was given their data", action="person.exported")
            return document
        request = Request(subject, options.by, options.reason, options.force_open_page)
        document = await requests.erase(request, dry_run=options.dry_run)
        if not options.dry_run:
            log.info("a person was erased", action="person.erased", outcome=document["erasure"] or "already")
        return document
    finally:
        await engine.dispose()


def _execute(options: argparse.Namespace) -> tuple[int, Mapping[str, Any]]:
    try:
        settings = Settings.from_environment(os.environ)
        log = configure(settings, sys.stderr.buffer)
        return DONE, asyncio.run(_run(options, settings, log))
    except SettingsError as error:
        return USAGE, _failure("settings", str(error))
    except RefusedError as error:
        return FAILED, _failure(error.kind, str(error), error.hint)
    except CacheAwayError as error:
        return FAILED, _failure("cache_away", str(error), "do the same again when the cache is back")
    except SQLAlchemyError as error:
        # only the kind: the words of a statement or an address are nobody's business
        return FAILED, _failure("database", f"the database did not do it: {type(error).__name__}")
    except (OSError, ValueError, TimeoutError) as error:
        return FAILED, _failure("failed", f"{type(error).__name__}: {error}")


def _failure(kind: str, error: str, hint: str | None = None) -> dict[str, str | None]:
    return {"error": error, "kind": kind, "hint": hint}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    code, document = _execute(_parser().parse_args(arguments))
    sys.stdout.buffer.write(orjson.dumps(document, default=str) + b"\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
