"""The lease as a file under a lock; a holder whose process is gone holds nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xiong.model.lease import Lease
from xiong.platforms.holding import from_document, holds, to_document
from xiong.tools import files


class FileLease:
    """Takes, reads and drops the one lease in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "lease.json"
        self._lock = folder / "lease.lock"

    def take(self, wanted: Lease) -> Lease:
        """The lease that stands afterwards; see `Platform.take_lease`."""
        with self._locked():
            standing = self.read()
            if standing is not None and standing.token != wanted.token and holds(standing):
                return standing
            files.write_json(self._file, to_document(wanted))
            return wanted

    def read(self) -> Lease | None:
        """The lease that stands; an expired one or a dead holder's is none."""
        document = files.read_json(self._file)
        lease = from_document(document) if document else None
        return lease if lease is not None and holds(lease) else None

    def drop(self, token: str) -> None:
        with self._locked():
            document = files.read_json(self._file)
            if document and document.get("token") == token:
                self._file.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
