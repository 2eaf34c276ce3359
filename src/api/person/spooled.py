"""What of a person lies in the spool folder: lines put aside, and the pager's copies of pages.

The spool itself must be empty before anything is said about a person; then these two are left. The
lines put aside are what no database would take, the SQLite file holds the pages of the last hour.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import create_engine, inspect, select, text, update
from sqlalchemy.pool import NullPool

from api.pages.local import changed_pages
from api.pages.standby import FILE
from api.pages.tables import pages
from api.person.rows import Subject, pages_of
from api.spool import REJECTED, SUFFIX

Ids = set[uuid.UUID]


def waiting(folder: Path) -> int:
    """Returns how many segments wait to be brought to the database."""
    return sum(1 for pattern in (f"*{SUFFIX}", "*.new") for _ in folder.glob(pattern))


def put_aside(folder: Path, subject: Subject, messages: Ids) -> list[dict[str, Any]]:
    """Returns the lines that are this person's; `messages` are the ids known to the database."""
    known = messages | _said_in(folder, subject)
    return [row for path in _files(folder) for _, row in _rows(path) if _is_of(row, subject, known)]


def drop(folder: Path, subject: Subject, messages: Ids) -> int:
    """Takes those lines out; returns how many they were. Safe to repeat."""
    dropped = 0
    known = messages | _said_in(folder, subject)
    for path in _files(folder):
        lines = list(_rows(path))
        kept = [line for line, row in lines if not _is_of(row, subject, known)]
        if len(kept) < len(lines):
            dropped += len(lines) - len(kept)
            _replace(path, kept)
    return dropped


def copies(folder: Path, subject: Subject) -> int:
    """Returns how many pages of the SQLite file name the person."""
    return _in_copies(folder, subject, forget=False)


def forget_copies(folder: Path, subject: Subject) -> int:
    """Takes the person out of the pager's copies; returns out of how many. Safe to repeat."""
    return _in_copies(folder, subject, forget=True)


def _in_copies(folder: Path, subject: Subject, *, forget: bool) -> int:
    path = folder / FILE
    if not path.is_file():
        return 0
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 10})
    try:
        if not inspect(engine).has_table(pages.name):
            return 0
        with engine.begin() as connection:
            # what is overwritten must not stay in the file's free places
            connection.execute(text("PRAGMA secure_delete=ON"))
            ids = list(connection.scalars(select(pages.c.id).where(pages_of(subject))))
            if forget and ids:
                noted = set(connection.scalars(select(changed_pages.c.page_id)))
                connection.execute(
                    update(pages).where(pages.c.id.in_(ids)).values(application=None, person=None)
                )
                # the same change is made in the database: it is none that must be brought there
                fresh = [page for page in ids if page not in noted]
                connection.execute(changed_pages.delete().where(changed_pages.c.page_id.in_(fresh)))
        if ids and forget:
            with engine.connect() as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    finally:
        engine.dispose()
    return len(ids)


def _rows(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    for line in path.read_bytes().splitlines():
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = {}
        yield line, row if isinstance(row, dict) else {}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{REJECTED}"))


def _said_in(folder: Path, subject: Subject) -> Ids:
    rows = (row for path in _files(folder) for _, row in _rows(path))
    return {uuid.UUID(row["id"]) for row in rows if row.get("kind") == "message" and _said(row, subject)}


def _said(row: dict[str, Any], subject: Subject) -> bool:
    return row.get("person") == subject.person and subject.application in (None, row.get("application"))


def _is_of(row: dict[str, Any], subject: Subject, messages: Ids) -> bool:
    if row.get("kind") == "reply":
        return uuid.UUID(row["message_id"]) in messages
    return _said(row, subject)


def _replace(path: Path, lines: list[bytes]) -> None:
    """Leaves either the old file or the new one, also at a power cut."""
    new = path.with_suffix(".erasing")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    if lines:
        new.replace(path)
    else:
        path.unlink()
        new.unlink()
