"""The metrics of `xiong watch`, made from the last observation; every child exists from the start.

No label takes a value that is not known beforehand, but for the release that is committed, of which there
is one at a time, and a service that the platform itself names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xiong.daemon.observation import Observation
from xiong.model.instance import Instance, InstanceState
from xiong.model.receipt import Outcome, Receipt

SERVICES = (
    "api",
    "pager",
    "proxy",
    "postgres",
    "valkey",
    "watch",
    "console",
    "prometheus",
    "alertmanager",
)
VERBS = ("up", "deploy", "rollback", "scale")
STATUSES = ("firing", "resolved")
_OTHER = "other"
Counts = Counter[tuple[str, ...]]


class Exporter(Collector):
    """Shows what was seen last, and what it counted since it began."""

    def __init__(self, alerts: Iterable[str] = (), steps: Iterable[str] = ()) -> None:
        """Begins at 0.

        Args:
            alerts: the names that a notification of an alert may be counted under.
            steps: the names of what is done in each cycle.
        """
        self._seen: Observation | None = None
        self._cycle_ended: datetime | None = None
        self._restarts = Restarts()
        self._alerts: Counts = Counter({(a, s): 0 for a in (*alerts, _OTHER) for s in STATUSES})
        self._failures: Counts = Counter({(step,): 0 for step in steps})
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def show(self, seen: Observation) -> None:
        """From now on this is what stands."""
        self._seen = seen
        self._restarts.count(seen.instances)

    def cycle_ended(self, at: datetime) -> None:
        """Everything was looked at once more."""
        self._cycle_ended = at

    def step_failed(self, step: str) -> None:
        """Something of a cycle ended with an error."""
        self._failures[step,] += 1

    def notified(self, alert: str, status: str) -> None:
        """Alertmanager told of an alert; an unknown name is counted as `other`."""
        known = (alert, status) in self._alerts
        self._alerts[alert if known else _OTHER, status if status in STATUSES else STATUSES[0]] += 1

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """All families; called by the registry."""
        seen = self._seen or Observation(datetime.fromtimestamp(0).astimezone())
        yield from _instances(seen.instances)
        yield _counter(
            "xiong_instance_restarts", "Restarts by the platform", ("service",), self._restarts.totals()
        )
        yield from _releases(seen)
        yield _counter(
            "xiong_deploys", "Rollouts by how they ended", ("verb", "outcome"), _deploys(seen.receipts)
        )
        yield _gauge("xiong_lease_held", "1 while an operation holds the lease", seen.lease is not None)
        yield from _volumes(seen)
        yield _gauge("xiong_proxy_up", "1 while the proxy gives any answer", seen.proxy_up)
        if seen.certificate_expires:
            at = seen.certificate_expires.timestamp()
            yield _gauge(
                "xiong_certificate_expiry_timestamp_seconds", "When the proxy's certificate expires", at
            )
        ended = self._cycle_ended.timestamp() if self._cycle_ended else 0
        yield _gauge("xiong_watch_last_cycle_timestamp_seconds", "When everything was last looked at", ended)
        yield _counter("xiong_watch_step_failures", "Parts of a cycle that failed", ("step",), self._failures)
        yield _counter(
            "xiong_alert_notifications",
            "Alerts told by Alertmanager",
            ("alert", "status"),
            self._alerts,
        )


class Restarts:
    """Adds up restarts: a process that is replaced takes nothing with it."""

    def __init__(self) -> None:
        self._before: dict[str, int] | None = None
        self._totals: Counter[str] = Counter(dict.fromkeys(SERVICES, 0))

    def count(self, instances: Iterable[Instance]) -> None:
        """Adds what is new; what the first look finds was before us."""
        now = {i.name: i for i in instances}
        before = self._before if self._before is not None else {n: i.restarts for n, i in now.items()}
        for name, instance in now.items():
            earlier = before.get(name, 0)
            new = instance.restarts - earlier
            self._totals[instance.service] += new if new >= 0 else instance.restarts
        self._before = {name: instance.restarts for name, instance in now.items()}

    def totals(self) -> dict[tuple[str, ...], int]:
        return {(service,): count for service, count in self._totals.items()}


def _instances(instances: Iterable[Instance]) -> Iterator[Metric]:
    counts: Counts = Counter({(s, state.value): 0 for s in SERVICES for state in InstanceState})
    for instance in instances:
        counts[instance.service, instance.state.value] += 1
    family = GaugeMetricFamily("xiong_instances", "Copies by state", labels=("service", "state"))
    for labels, count in counts.items():
        family.add_metric(labels, count)
    yield family


def _releases(seen: Observation) -> Iterator[Metric]:
    committed = seen.committed
    yield _gauge(
        "xiong_replicas_wanted", "Replicas that are meant to run", committed.replicas if committed else 0
    )
    info = GaugeMetricFamily("xiong_release_info", "The release meant to run; always 1", labels=("release",))
    if committed:
        info.add_metric((committed.release,), 1)
    yield info
    ended = max((r.ended_at.timestamp() for r in seen.receipts), default=0.0)
    yield _gauge("xiong_last_deploy_timestamp_seconds", "When the last rollout ended; 0 for never", ended)


def _deploys(receipts: Iterable[Receipt]) -> dict[tuple[str, ...], int]:
    counts: Counts = Counter({(v, o.name.lower()): 0 for v in VERBS for o in Outcome})
    for receipt in receipts:
        if receipt.verb in VERBS:  # a drill deploys what must be refused
            counts[receipt.verb, receipt.outcome.name.lower()] += 1
    return dict(counts)


def _volumes(seen: Observation) -> Iterator[Metric]:
    free = GaugeMetricFamily("xiong_disk_free_bytes", "What may still be written", labels=("volume",))
    size = GaugeMetricFamily("xiong_disk_size_bytes", "Size of the file system", labels=("volume",))
    for volume in seen.volumes:
        free.add_metric((volume.name,), volume.free_bytes)
        size.add_metric((volume.name,), volume.size_bytes)
    yield free
    yield size


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(
    name: str,
    text: str,
    labels: tuple[str, ...],
    counts: Mapping[tuple[str, ...], int],
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family
