"""`xiong bundle`: one archive for whoever helps, cleared of secrets and personal data.

Every line is cleared as it is written, and the finished archive is searched once more; where that finds
anything, nothing is kept. What cannot be had, since something is down, says why in its place.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from redaction import redact_value
from xiong import __version__
from xiong.config.settings import Settings
from xiong.errors import XiongError
from xiong.model.documents import to_document
from xiong.operations.bundle import archive, secrets
from xiong.operations.bundle.clearing import Clearing
from xiong.operations.bundle.contents import Bundle, BundledFile, Manifest
from xiong.operations.bundle.part import Part, Subject
from xiong.operations.bundle.parts import every_part
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock

MANIFEST = "manifest.json"


async def bundle(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    *,
    out: Path | None,
    since: timedelta,
    dry_run: bool,
) -> Bundle:
    """Gathers everything; works as well while something is down.

    Args:
        platform: of the copy.
        settings: of the copy.
        clock: whose time counts.
        out: where the archive goes; None is a name with the time, here.
        since: how far back the logs go.
        dry_run: makes it, searches it, and keeps nothing.

    Raises:
        BundleLeakError: something was left that must not leave; nothing is kept.
        ConfigurationError: a file with secrets cannot be read, so that they could not be searched for.
        OSError: the archive cannot be written.
    """
    now = clock.now()
    known = await secrets.known(platform, settings)
    subject = Subject(platform, settings, clock, now - since)
    target = out or Path(f"xiong-bundle-{now:%Y%m%dT%H%M%SZ}.tar.gz")
    with tempfile.TemporaryDirectory(prefix="xiong-bundle-") as made:
        folder = Path(made)
        parts = await every_part(subject)
        files = [await _write(part, subject, folder, Clearing(known)) for part in parts]
        manifest = Manifest(now, subject.since, __version__, tuple(files))
        document = orjson.dumps(redact_value(to_document(manifest)), option=orjson.OPT_INDENT_2)
        (folder / MANIFEST).write_bytes(document + b"\n")
        with _unfinished(folder if dry_run else target.absolute().parent) as unfinished:
            archive.pack(folder, (MANIFEST, *(file.name for file in files)), unfinished, now)
            await archive.search(unfinished, known, clock)
            size = unfinished.stat().st_size
            if not dry_run:
                os.replace(unfinished, target)
    missing = sum(1 for file in files if file.fault)
    return Bundle(None if dry_run else str(target.absolute()), size, missing, manifest)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A name for the archive until it was searched; whatever bears it in the end is deleted."""
    path = folder / f".xiong-bundle-{os.getpid()}.part"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


async def _write(part: Part, subject: Subject, folder: Path, clearing: Clearing) -> BundledFile:
    path, digest, fault, size = folder / part.name, hashlib.sha256(), "", 0
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:

        def put(line: str) -> None:
            nonlocal size
            written = line.encode(errors="replace") + b"\n"
            size += file.write(written)
            digest.update(written)

        try:
            async with asyncio.timeout(part.timeout_seconds):
                await _fill(part, subject, clearing, put)
        except TimeoutError:
            fault = f"not had within {part.timeout_seconds:g} s"
        except XiongError as error:
            fault = error.message
        except Exception as error:  # whatever is wrong with one part, the others are wanted all the more
            fault = _place_of(error)
        if fault:
            fault = clearing.line(fault)
            put(f"[not had, or not whole: {fault}]")
    return BundledFile(part.name, size, digest.hexdigest(), clearing.personal, clearing.secrets, fault)


def _place_of(error: Exception) -> str:
    """What kind of error and where; its words may quote what somebody said."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


async def _fill(part: Part, subject: Subject, clearing: Clearing, put: Any) -> None:
    count = 0
    async for piece in part.pieces(subject):
        for line in [piece] if isinstance(piece, str) else clearing.indented(piece):
            put(clearing.line(line))
            count += 1
            if count % 100 == 0:
                await subject.clock.sleep(0)  # so that a deadline is heard
