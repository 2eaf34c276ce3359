"""Whether a lease still holds, and how it is written down; for every platform's way of keeping it."""

from __future__ import annotations

import socket
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import psutil

from xiong.model.lease import Lease


def holds(lease: Lease) -> bool:
    """Not expired, and its holder not known to be dead."""
    if lease.expires_at <= datetime.now(UTC):
        return False
    if lease.host != socket.gethostname():
        return True
    try:
        return abs(psutil.Process(lease.pid).create_time() - lease.pid_started) < 1
    except psutil.Error:
        return False


def to_document(lease: Lease) -> dict[str, Any]:
    """A lease as JSON takes it."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(lease).items()}


def from_document(document: dict[str, Any]) -> Lease:
    """What `to_document` wrote."""
    times = {k: datetime.fromisoformat(document[k]) for k in ("acquired_at", "expires_at")}
    return Lease(**{**document, **times})
