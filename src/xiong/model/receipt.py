"""What a rollout did, proved by a probe that ran all through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"
    INTERRUPTED_FINISHED = "interrupted, then finished"
    INTERRUPTED_UNDONE = "interrupted, then undone"
    FAILED = "failed"


@dataclass(frozen=True)
class ProbeCount:
    """What the probe saw through the proxy, as a person would.

    Attributes:
        sent: requests sent.
        failed: no answer, a 5xx, or a reply without text.
        safe: replies by the safe text.
        slowest_seconds: the slowest answer.
        p95_seconds: 95 % of the answers were at least this fast.
    """

    sent: int = 0
    failed: int = 0
    safe: int = 0
    slowest_seconds: float = 0.0
    p95_seconds: float = 0.0


@dataclass(frozen=True)
class Receipt:
    """One line of the history: a rollout from its beginning to its end.

    Attributes:
        id: sortable by time.
        verb: deploy, rollback, scale or up.
        release: the release that was asked for.
        previous: the one that served before, or None.
        outcome: how it ended.
        reason: why it was not committed, or why a guard was overridden.
        by: user@host.
        begun_at, ended_at: UTC.
        probe: what the probe saw.
        phases: {phase: seconds}.
        migrations: expand revisions that were applied.
        restore_point: name of the point in the WAL before anything changed, or None.
    """

    id: str
    verb: str
    release: str
    previous: str | None
    outcome: Outcome
    reason: str
    by: str
    begun_at: datetime
    ended_at: datetime
    probe: ProbeCount = ProbeCount()
    phases: dict[str, float] = field(default_factory=dict)
    migrations: tuple[str, ...] = ()
    restore_point: str | None = None
