"""The lease as a file under a lock; a holder whose process is gone holds nothing."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from xiong.model.lease import Lease
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
            if standing is not None and standing.token != wanted.token and _holds(standing):
                return standing
            files.write_json(self._file, _document(wanted))
            return wanted

    def read(self) -> Lease | None:
        """The lease that stands; an expired one or a dead holder's is none."""
        document = files.read_json(self._file)
        lease = _lease(document) if document else None
        return lease if lease is not None and _holds(lease) else None

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


def _holds(lease: Lease) -> bool:
    if lease.expires_at <= datetime.now(UTC):
        return False
    if lease.host != socket.gethostname():
        return True
    try:
        return abs(psutil.Process(lease.pid).create_time() - lease.pid_started) < 1
    except psutil.Error:
        return False


def _document(lease: Lease) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(lease).items()}


def _lease(document: dict[str, Any]) -> Lease:
    times = {k: datetime.fromisoformat(document[k]) for k in ("acquired_at", "expires_at")}
    return Lease(**{**document, **times})
