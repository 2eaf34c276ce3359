"""Records as a daemon leaves them that has looked, healed and rehearsed: for whatever shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from xiong.model.documents import to_document
from xiong.model.drill import DrillOutcome, DrillResult, Measure
from xiong.model.health import Finding, HealthReport, Verdict, worst
from xiong.model.recovery import ActionOutcome, ActionRecord, Condition, Decision, GuardVerdict
from xiong.operations.drill import score
from xiong.operations.health.registry import CHECKS
from xiong.operations.recovery.ledger import Ledger
from xiong.platforms.base import RecordStore

FINDINGS = (
    Finding("disk", Verdict.HEALTHY, "state: 61 % free, inodes 94 % free"),
    Finding("memory", Verdict.DEGRADED, "4 % of the memory is available, at least 5 % is meant"),
    Finding("clock", Verdict.HEALTHY, "0.0 s beside the database"),
    Finding("database", Verdict.UNHEALTHY, "no answer within 3 s", "xiong logs", cause="hung"),
    Finding("cache", Verdict.HEALTHY, "answers in 1 ms, 2 % of its memory in use"),
    Finding(
        "api", Verdict.UNHEALTHY, "0 of 2 replicas are ready", ill=("api-0", "api-1"), of=2, cause="hung"
    ),
    Finding("proxy", Verdict.HEALTHY, "answers, 2 of 2 slots are open"),
    Finding("certificate", Verdict.NOT_RUN, "HTTPS is not configured here"),
)
VICTIM = GuardVerdict("root-cause", False, "database is unhealthy, and api depends on it")


async def looked(records: RecordStore, *findings: Finding, at: datetime | None = None) -> None:
    """The newest report of the checks."""
    report = HealthReport(at or datetime.now(UTC), worst(findings), findings, 0.4)
    await records.write("recovery", "health", to_document(report))


async def decided(records: RecordStore, *decisions: Decision, shadow: bool = False) -> None:
    """What the healer made of it."""
    document = {"at": datetime.now(UTC), "shadow": shadow, "decisions": list(decisions)}
    await records.write("recovery", "decisions", to_document(document))


async def acted(
    records: RecordStore,
    action: str,
    target: str,
    outcome: ActionOutcome,
    *,
    minutes: float,
    check: str = "api",
) -> None:
    """An action some minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    record = ActionRecord(
        id=f"{at:%Y%m%dT%H%M%S.%f}-{check}",
        at=at,
        check=check,
        cause="hung",
        action=action,
        target=target,
        blast_radius="one replica",
        outcome=outcome,
        detail="done",
        before=next(f for f in FINDINGS if f.check == check),
    )
    await Ledger(records).write(record)


async def rehearsed(records: RecordStore, drill: str, outcome: DrillOutcome, *, days: float) -> None:
    """A drill some days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    heal = Measure("heal", 2.4 if outcome is DrillOutcome.PASSED else None, 10)
    result = DrillResult(
        f"{at:%Y%m%dT%H%M%S%f}-{drill}", drill, drill, at, 30, "local", "r1", outcome, measures=(heal,)
    )
    await score.keep(records, result)


async def a_bad_evening(records: RecordStore) -> None:
    """The database hangs, the healer has given up on it, and one drill failed lately."""
    await looked(records, *FINDINGS)
    frozen = Decision("database", "hung", Condition.FROZEN, why="waits for a human")
    victim = Decision("api", "hung", Condition.SUSPECT, guards=(VICTIM,), why="not its own fault")
    await decided(records, frozen, victim)
    await acted(records, "restart-store", "postgres", ActionOutcome.FAILED, minutes=9, check="database")
    await acted(records, "restart-replica", "api-1", ActionOutcome.DONE, minutes=50)
    await rehearsed(records, "kill-replica", DrillOutcome.PASSED, days=2)
    await rehearsed(records, "kill-database", DrillOutcome.PASSED, days=90)
    await rehearsed(records, "kill-cache", DrillOutcome.FAILED, days=1)


async def an_ordinary_evening(records: RecordStore) -> None:
    """All is well; a replica was replaced earlier, and the last drills passed."""
    well = {
        "memory": "38 % of the memory is available",
        "database": "answers in 2 ms, 9 of 97 connections, schema 0007",
        "model": "no model is configured: the offline replies answer",
        "api": "2 of 2 replicas are ready with the committed release",
        "pager": "runs, no page waits",
        "monitoring": "Prometheus and Alertmanager answer",
        "drills": "3 drills passed lately",
        "wal": "0.1 s would be lost with the data folder",
        "backups": "the newest is 9 h old, verified",
    }
    said = {finding.check: finding.summary for finding in FINDINGS} | well
    ill = {"certificate": Verdict.NOT_RUN, "model": Verdict.NOT_RUN}
    names = [check.name for check in CHECKS]
    await looked(records, *(Finding(n, ill.get(n, Verdict.HEALTHY), said[n]) for n in names))
    await decided(records)
    await acted(records, "restart-replica", "api-1", ActionOutcome.DONE, minutes=340)
    for number, drill in enumerate(("kill-database", "kill-replica", "hang-replica")):
        await rehearsed(records, drill, DrillOutcome.PASSED, days=2 + number)
