"""The service's own metrics: names, labels, and children that exist from the start.

One registry per app, so that tests can run many apps in one process. A counter that is born at its
first event hides that event from `increase()`, so every child is made here, at 0.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from api.replies.model import Source
from api.risk.model import Level

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
DEPENDENCIES = ("database", "cache", "model")
UNMATCHED = "unmatched"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

# a second series beside each counter, that nothing reads
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """All metrics of one replica."""

    def __init__(self, version: str, release: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = self._counter(
            "http_requests_total", "Requests answered", ("method", "path", "status")
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time from the request's arrival to its last byte",
            ("method", "path"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_flight = self._gauge("http_requests_in_flight", "Requests being answered now")
        self._replies = self._counter("chat_replies_total", "Replies given, by who wrote them", ("source",))
        self._risks = self._counter("risk_events_total", "Messages judged, by level", ("level",))
        self._dependencies = self._gauge(
            "xiongichat_dependency_up", "Whether a dependency answered its last probe", ("dependency",)
        )
        self.draining = self._gauge("xiongichat_draining", "1 while the replica is being drained")
        self.spooled = self._gauge(
            "xiongichat_spooled_messages", "Records on local disk that wait for the database"
        )
        self.spool_failures = self._counter(
            "xiongichat_spool_failures_total", "Records that neither database nor disk could take"
        )
        build = self._gauge("xiongichat_build_info", "Which build this is; always 1", ("version", "release"))
        build.labels(version, release).set(1)
        self._request_children: dict[tuple[str, str, int], Counter] = {}
        self._duration_children: dict[tuple[str, str], Histogram] = {}
        self._prepare()

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _prepare(self) -> None:
        for source in Source:
            self._replies.labels(source.value)
        for level in Level:
            self._risks.labels(level.name)
        for dependency in DEPENDENCIES:
            self._dependencies.labels(dependency).set(1)

    def expect(self, method: str, path: str, statuses: Iterable[int]) -> None:
        """Makes the children of one route, at 0."""
        self._duration(method, path)
        for status in statuses:
            self._request(method, path, status)

    def _request(self, method: str, path: str, status: int) -> Counter:
        key = (method, path, status)
        child = self._request_children.get(key)
        if child is None:
            child = self._request_children[key] = self._requests.labels(method, path, str(status))
        return child

    def _duration(self, method: str, path: str) -> Histogram:
        child = self._duration_children.get((method, path))
        if child is None:
            child = self._duration_children[(method, path)] = self._durations.labels(method, path)
        return child

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Counts one answered request; `path` is a route's template, never what a client wrote."""
        known = method if method in METHODS else "other"
        self._request(known, path, status).inc()
        self._duration(known, path).observe(seconds)

    def replied(self, source: Source) -> None:
        """Counts one reply that a person got."""
        self._replies.labels(source.value).inc()

    def judged(self, level: Level) -> None:
        """Counts one judged message."""
        self._risks.labels(level.name).inc()

    def dependency(self, name: str, up: bool) -> None:
        """Shows whether a dependency answers."""
        self._dependencies.labels(name).set(1 if up else 0)

    def text(self) -> bytes:
        """Returns what Prometheus scrapes."""
        return generate_latest(self.registry)
