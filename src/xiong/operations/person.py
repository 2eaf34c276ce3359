"""`xiong person`: one person's data, or its erasure, by request; run as tasks of the active release.

Both leave a record of who asked, when and why. It names the person only by the service's own digest.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from xiong.errors import PlatformError, PreflightError, UsageError, XiongError
from xiong.model.task import DatabaseRole, Task, TaskResult
from xiong.operations import preflight
from xiong.platforms.base import Platform
from xiong.tools import files, host
from xiong.tools.clock import Clock

_SECONDS = 600.0
_RECORDS = "person-requests"
_REFUSED = {"unknown_person", "spool_not_empty", "being_answered", "open_page", "refused"}


@dataclass(frozen=True)
class PersonExport:
    """Everything that is held of a person.

    Attributes:
        rows: {table: rows}.
        file: where the document lies; None where it was printed.
        document: the document itself, its tables named as in the database; None where it is in a file.
    """

    rows: dict[str, int]
    file: str | None
    document: dict[str, Any] | None


@dataclass(frozen=True)
class PersonErasure:
    """What was erased.

    Attributes:
        erased: {what: how many}; of risk events and pages those that stay without the person.
        already: nothing was left: the person had been erased before.
        dry_run: nothing was changed.
        erasure: the entry in the register of erasures; None where nothing was left.
    """

    erased: dict[str, int]
    already: bool
    dry_run: bool
    erasure: str | None


async def export(
    platform: Platform, clock: Clock, *, person: str, application: str | None, out: Path | None
) -> PersonExport:
    """Reads everything that is held, into a file that only we can read or into the result.

    Raises:
        PreflightError: nothing is held, or something waits in the spool.
    """
    document = await _ask(platform, "export", *_whose(person, application))
    rows = {name: len(found) for name, found in document.items() if isinstance(found, list)}
    rows.pop("left_out", None)
    if out is not None:
        files.write_json(out, document)
    await _note(platform, clock, {"verb": "export", "person": document["person_hmac"], "rows": rows})
    if out is None:
        return PersonExport(rows, None, document)
    return PersonExport(rows, str(out), None)


async def erase(
    platform: Platform,
    clock: Clock,
    *,
    person: str,
    application: str | None,
    reason: str,
    force_open_page: bool,
    dry_run: bool,
) -> PersonErasure:
    """Takes a person out of everything; safe to repeat.

    Raises:
        PreflightError: nothing was changed: nobody by that id, an open page, or something waits.
        PlatformError: it was done in part; to be done again.
    """
    flags = [*(["--force-open-page"] if force_open_page else []), *(["--dry-run"] if dry_run else [])]
    words = ("--by", host.actor(), "--reason", reason, *flags)
    document = await _ask(platform, "erase", *_whose(person, application), *words)
    made = PersonErasure(document["erased"], document["already"], document["dry_run"], document["erasure"])
    if not dry_run:
        note = {"verb": "erase", "person": document["person_hmac"], "rows": made.erased, "reason": reason}
        await _note(platform, clock, {**note, "forced": force_open_page})
    return made


def _whose(person: str, application: str | None) -> tuple[str, ...]:
    return (person, *(("--application", application) if application else ()))


async def _ask(platform: Platform, *arguments: str) -> dict[str, Any]:
    _, release = await preflight.running_release(platform)
    task = Task("person", "api.person", arguments, DatabaseRole.APP, _SECONDS)
    done = await platform.run_task(release, task)
    document = _document(done)
    if done.exit_code != 0 or document is None:
        raise _failure(done, document)
    return document


def _document(done: TaskResult) -> dict[str, Any] | None:
    try:
        found = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _failure(done: TaskResult, document: dict[str, Any] | None) -> XiongError:
    if document is None:
        if done.exit_code == 2:
            said = (done.stderr.strip().splitlines() or [""])[-1].rpartition("error: ")[2]
            return UsageError(said, hint="xiong person erase --help")
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return PlatformError(f"the release could not do it (exit code {done.exit_code}): {said[:300]}")
    kind = PreflightError if document.get("kind") in _REFUSED else PlatformError
    return kind(str(document.get("error")), hint=document.get("hint"))


async def _note(platform: Platform, clock: Clock, document: dict[str, Any]) -> None:
    name = f"{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    at = clock.now().isoformat()
    await platform.records.write(_RECORDS, name, {**document, "at": at, "by": host.actor()})
