"""The one lease that deploy, rollback, scale, heal, backup and drill share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Lease:
    """Who holds the platform, why and until when.

    Attributes:
        token: random; only its owner renews or drops the lease.
        holder: `user@host pid N`, for people.
        purpose: the verb, e.g. `deploy 0.1.0-3f9a1c2b7d4e`.
        acquired_at: UTC.
        expires_at: UTC; after it anybody may take the lease over.
        host: where the holder runs.
        pid: the holder's process id on that host.
        pid_started: its start time, epoch seconds, so that a reused pid is not taken for it.
    """

    token: str
    holder: str
    purpose: str
    acquired_at: datetime
    expires_at: datetime
    host: str
    pid: int
    pid_started: float
