"""Which pagers live on one spool folder, seen by locks on files: what the kernel frees, nobody forgets.

Each pager holds a file named by its id, so that whoever finds the lock of one free knows it is dead and
gives its claims back at once. And one of them holds `pager.lock`: the SQLite file is its own.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".lock"


@dataclass(frozen=True)
class Dead:
    """A pager that died; its file is locked by us until we let go."""

    id: uuid.UUID
    path: Path
    descriptor: int

    def bury(self) -> None:
        """Deletes its file: its claims are given back."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)

    def leave(self) -> None:
        """Lets go of it, to be found again."""
        os.close(self.descriptor)


class Presence:
    """This pager among those on its folder."""

    def __init__(self, folder: Path) -> None:
        self.id = uuid.uuid4()
        self._folder = folder
        self._pagers = folder / "pagers"
        self._mine: int | None = None
        self._first: int | None = None

    @property
    def first(self) -> bool:
        """Whether the SQLite file is ours."""
        return self._first is not None

    def announce(self) -> None:
        """Shows the others that we live."""
        self._pagers.mkdir(mode=0o700, parents=True, exist_ok=True)
        unseen = self._pagers / f"{self.id}.new"
        self._mine = _open(unseen)
        # locked before it gets its name, or another pager might take us for dead in between
        fcntl.flock(self._mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unseen.rename(self._pagers / f"{self.id}{SUFFIX}")

    def lead(self) -> bool:
        """Takes the SQLite file where nobody holds it; says whether it is ours."""
        if self._first is None:
            descriptor = _open(self._folder / "pager.lock")
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._first = descriptor
        return True

    def dead(self) -> Iterator[Dead]:
        """Locks and yields the pagers that died; the caller buries or leaves them."""
        for path in sorted(self._pagers.glob(f"*{SUFFIX}")):
            if path.stem == str(self.id):
                continue
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield Dead(uuid.UUID(path.stem), path, descriptor)
            except (BlockingIOError, ValueError):
                os.close(descriptor)

    def leave(self, *, settled: bool) -> None:
        """Goes; where claims of ours are left (not `settled`), the file stays for others to find."""
        if settled:
            with suppress(OSError):
                (self._pagers / f"{self.id}{SUFFIX}").unlink(missing_ok=True)
        for descriptor in (self._mine, self._first):
            if descriptor is not None:
                os.close(descriptor)
        self._mine = self._first = None


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
