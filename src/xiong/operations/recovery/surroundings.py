"""What stands in the way of acting, read from the records: the lease, the pause, how young the release is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from xiong.model.health import HealthReport
from xiong.model.lease import Lease
from xiong.model.receipt import Outcome, Receipt
from xiong.operations.recovery.observations import Observation
from xiong.operations.recovery.pause import Pause

_COMMITTED = (Outcome.COMMITTED, Outcome.INTERRUPTED_FINISHED)


def observed(
    report: HealthReport,
    standing: Mapping[str, datetime],
    *,
    at: datetime,
    lease: Lease | None,
    pause: Pause,
    receipts: Iterable[Receipt],
    acting: str = "",
) -> Observation:
    """Everything that a decision depends on.

    Args:
        report: what was found.
        standing: {check: when} of the findings in it that are from an earlier look.
        at: now, UTC.
        lease: who holds it.
        pause: what a human said.
        receipts: all rollouts, oldest first.
        acting: the action that this process is carrying out, or empty.
    """
    return Observation(
        at=at,
        findings=report.findings,
        standing=dict(standing),
        lease=f"{lease.purpose} by {lease.holder}" if lease else "",
        paused_until=pause.until if pause.until and pause.until > at else None,
        resumed_at=pause.resumed_at,
        deployed_at=deployed_at(receipts),
        acting=acting,
    )


def deployed_at(receipts: Iterable[Receipt]) -> datetime | None:
    """When the release that runs was deployed; None where it came by `up` or a rollback.

    A change of the number of replicas commits the same release anew, and is none.
    """
    brought = [r for r in receipts if r.outcome in _COMMITTED and r.release != r.previous]
    return brought[-1].ended_at if brought and brought[-1].verb == "deploy" else None
