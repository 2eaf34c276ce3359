"""The archive: written from files, and searched once more as it is, before anybody gets it."""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from xiong.errors import XiongError
from xiong.operations.bundle import secrets
from xiong.operations.bundle.clearing import personal_data
from xiong.tools.clock import Clock

ROOT = "xiong-bundle"


class BundleLeakError(XiongError):
    """The finished archive held something that must not leave; it was deleted."""


def pack(folder: Path, names: Iterable[str], target: Path, at: datetime) -> None:
    """Writes a .tar.gz that only we can read; the same files give the same bytes.

    Raises:
        OSError: it cannot be written.
    """
    seconds = int(at.timestamp())
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with (
        os.fdopen(descriptor, "wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in names:
            entry = tarfile.TarInfo(f"{ROOT}/{name}")
            entry.mode, entry.mtime = 0o600, seconds
            with (folder / name).open("rb") as file:
                entry.size = os.fstat(file.fileno()).st_size
                tar.addfile(entry, file)


async def search(target: Path, known: Iterable[str], clock: Clock) -> None:
    """Looks for personal data and for each known secret in every file of the archive.

    Raises:
        BundleLeakError: one is in it; the error names the file and the line, never the value.
    """
    hidden = secrets.pattern(known)
    async for name, number, line in _lines(target, clock):
        kind = "a secret" if hidden is not None and hidden.search(line) else ""
        kind = kind or next((str(span.kind) for span in personal_data(line)), "")
        if kind:
            raise BundleLeakError(
                f"{name}, line {number}, still holds {kind}: the bundle was deleted, nothing was kept",
                hint="xiong bundle --since 10m   (leaves older lines out)",
            )


async def _lines(target: Path, clock: Clock) -> AsyncIterator[tuple[str, int, str]]:
    for name, number, line in _read(target):
        if number % 100 == 0:
            await clock.sleep(0)  # so that a deadline is heard
        yield name, number, line


def _read(target: Path) -> Iterator[tuple[str, int, str]]:
    with tarfile.open(target, "r:gz") as tar:
        for entry in tar:
            file = tar.extractfile(entry)
            for number, line in enumerate(file or (), 1):
                yield entry.name.removeprefix(f"{ROOT}/"), number, line.decode(errors="replace").rstrip("\n")
