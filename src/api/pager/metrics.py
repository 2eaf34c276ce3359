"""The pager's own metrics: names, labels, and children that exist from the start. No contact is a label."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from api.pages.model import PAGED_FROM, PageKind
from api.risk.model import Level

OUTCOMES = (
    "sent",
    "refused",
    "timeout",
    "rejected",
    "throttled",
    "broken",
    "certificate",
    "authentication",
    "unreachable",
    "unconfigured",
)
HOPS = ("placed", "queued", "channel", "receipt")
"""placed: event to step begun; queued: to the channel's start; channel: to its yes; receipt: to its reader"""
LEVELS = tuple(level for level in Level if level >= PAGED_FROM)
LATENCY = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
ACKNOWLEDGE = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


class PagerMetrics:
    """All metrics of one pager."""

    def __init__(self, version: str, release: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._pages = self._counter("xiongichat_pages_total", "Pages begun", ("kind", "level"))
        self._open = self._gauge("xiongichat_pages_open", "Open crisis pages", ("level",))
        self._oldest = self._gauge(
            "xiongichat_risk_oldest_unacked_timestamp_seconds",
            "When the oldest crisis page that nobody acknowledged was opened; 0 where there is none",
            ("level",),
        )
        self._deliveries = self._counter(
            "xiongichat_page_deliveries_total", "Tries to hand a page to a channel", ("channel", "outcome")
        )
        self._latency = self._histogram(
            "xiongichat_page_latency_seconds", "Risk event to its first channel's yes", LATENCY
        )
        self._hops = Histogram(
            "xiongichat_page_hop_seconds",
            "A part of the way of a page",
            ("hop",),
            buckets=LATENCY,
            registry=self.registry,
        )
        self._acknowledge = self._histogram(
            "xiongichat_page_acknowledge_seconds", "Page opened to acknowledged", ACKNOWLEDGE
        )
        self.outage = self._gauge(
            "xiongichat_pager_outage", "1 while pages are worked on without the database"
        )
        self.canary = self._gauge(
            "xiongichat_canary_last_success_timestamp_seconds",
            "When a rehearsal last arrived whole; 0 for never",
        )
        self.canary_interval = self._gauge(
            "xiongichat_canary_interval_seconds", "From one rehearsal to the next; 0 where none is set up"
        )
        self.configured = self._gauge("xiongichat_paging_configured", "1 where PAGING_FILE is in force")
        self.on_call = self._gauge("xiongichat_on_call", "1 while somebody is on call")
        build = self._gauge("xiongichat_build_info", "Which build this is; always 1", ("version", "release"))
        build.labels(version, release).set(1)
        for level in LEVELS:
            self._open.labels(level.name)
            self._oldest.labels(level.name)
            for kind in PageKind:
                self._pages.labels(kind.value, level.name)
        for hop in HOPS:
            self._hops.labels(hop)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, buckets=buckets, registry=self.registry)

    def expect(self, channels: Iterable[str]) -> None:
        """Makes the children of the channels, at 0."""
        for channel in channels:
            for outcome in OUTCOMES:
                self._deliveries.labels(channel, outcome)

    def begun(self, kind: PageKind, level: Level, seconds: float) -> None:
        """Counts a page whose first step began."""
        self._pages.labels(kind.value, level.name).inc()
        self.hop("placed", seconds)

    def tried(self, channel: str, outcome: str) -> None:
        """Counts a try."""
        self._deliveries.labels(channel, outcome if outcome in OUTCOMES else "broken").inc()

    def arrived(self, seconds: float) -> None:
        """Notes how long a page took from its event to the channel that took it."""
        self._latency.observe(max(seconds, 0.0))

    def hop(self, name: str, seconds: float) -> None:
        """Notes how long a part of the way took."""
        self._hops.labels(name).observe(max(seconds, 0.0))

    def acknowledged(self, seconds: float) -> None:
        """Notes how long a page waited for somebody."""
        self._acknowledge.observe(max(seconds, 0.0))

    def show_open(self, found: dict[Level, tuple[int, datetime]]) -> None:
        """Shows how many crisis pages are open, and since when."""
        for level in LEVELS:
            count, since = found.get(level, (0, None))
            self._open.labels(level.name).set(count)
            self._oldest.labels(level.name).set(since.timestamp() if since else 0)

    def text(self) -> bytes:
        """Returns what Prometheus scrapes."""
        return generate_latest(self.registry)
