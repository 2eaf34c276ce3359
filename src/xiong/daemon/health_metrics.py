"""The metrics of deep health and recovery: every child exists from the start. Beside `exporter.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xiong.model.health import HealthReport, Verdict
from xiong.model.recovery import ActionOutcome, ActionRecord, Condition, Decision
from xiong.operations.health.check import Check
from xiong.operations.recovery.guards import GUARDS
from xiong.operations.recovery.memory import Memory

_STATUS = {Verdict.HEALTHY: 0, Verdict.DEGRADED: 1, Verdict.UNHEALTHY: 2, Verdict.NOT_RUN: -1}
Counts = Counter[tuple[str, ...]]
_ENDED = (ActionOutcome.DONE, ActionOutcome.FAILED, ActionOutcome.SHADOW)


class HealthMetrics(Collector):
    """What was found and decided last, and what was counted since the daemon began."""

    def __init__(self, checks: Sequence[Check], cycle_seconds: float) -> None:
        names = [check.name for check in checks]
        self._every = {check.name: max(check.every_seconds, cycle_seconds) for check in checks}
        self._status = dict.fromkeys(names, -1)
        self._seconds = dict.fromkeys(names, 0.0)
        self._looked_at = dict.fromkeys(names, 0.0)
        self._conditions = dict.fromkeys(names, Condition.HEALTHY)
        self._paused = False
        self._refusing: set[tuple[str, ...]] = set()
        self._refusals: Counts = Counter({(name, guard): 0 for name in names for guard in GUARDS})
        self._escalations: Counts = Counter({(name,): 0 for name in names})
        self._actions: Counts = Counter({key: 0 for check in checks for key in _possible(check)})
        self._counted: set[str] | None = None

    def looked(self, report: HealthReport, at: Mapping[str, datetime]) -> None:
        """A look with when each of its findings was made."""
        for finding in report.findings:
            self._status[finding.check] = _STATUS[finding.verdict]
            self._seconds[finding.check] = finding.seconds
            self._looked_at[finding.check] = at[finding.check].timestamp()

    def decided(self, memory: Memory, decisions: Sequence[Decision], *, paused: bool) -> None:
        """A cycle of the healer; a guard that goes on refusing is counted once."""
        self._paused = paused
        self._conditions = {name: memory.of(name).condition for name in self._conditions}
        refusing: set[tuple[str, ...]] = {
            (d.check, v.guard) for d in decisions for v in d.guards if not v.passed
        }
        self._refusals.update(refusing - self._refusing)
        self._refusing = refusing
        self._escalations.update((d.check,) for d in decisions if d.escalates)

    def acted(self, records: Sequence[ActionRecord]) -> None:
        """All actions that are kept; those before the first call were before us."""
        ended = [r for r in records if r.outcome in _ENDED]
        if self._counted is not None:
            new = [r for r in ended if r.id not in self._counted]
            self._actions.update((r.check, r.action, r.outcome.value) for r in new)
        self._counted = {r.id for r in ended}

    def collect(self) -> Iterator[Metric]:
        """All families; called by the registry."""
        yield _by_check("xiong_check_status", "0 healthy, 1 degraded, 2 unhealthy, -1 not run", self._status)
        yield _by_check("xiong_check_seconds", "How long the last look took", self._seconds)
        yield _by_check(
            "xiong_check_last_timestamp_seconds", "When it was last looked at; 0 for never", self._looked_at
        )
        yield _by_check("xiong_check_every_seconds", "Least time from one look to the next", self._every)
        yield self._condition()
        yield _counts(
            "xiong_recovery_actions",
            "Actions by how they ended",
            ("check", "action", "outcome"),
            self._actions,
        )
        yield _counts(
            "xiong_recovery_refusals",
            "Times that a guard began to refuse",
            ("check", "guard"),
            self._refusals,
        )
        yield _counts(
            "xiong_recovery_escalations",
            "Faults that people were told of",
            ("check",),
            self._escalations,
        )
        yield GaugeMetricFamily(
            "xiong_recovery_paused", "1 while a human keeps the healer from acting", value=float(self._paused)
        )

    def _condition(self) -> Metric:
        family = GaugeMetricFamily(
            "xiong_recovery_condition", "1 for where a check stands", labels=("check", "condition")
        )
        for check, stands in self._conditions.items():
            for condition in Condition:
                family.add_metric((check, condition.value), float(condition is stands))
        return family


def _possible(check: Check) -> Iterator[tuple[str, ...]]:
    for action in {name for _, ladder in check.allows for name in ladder}:
        for outcome in _ENDED:
            yield check.name, action, outcome.value


def _by_check(name: str, text: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=("check",))
    for check, value in values.items():
        family.add_metric((check,), float(value))
    return family


def _counts(name: str, text: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family
