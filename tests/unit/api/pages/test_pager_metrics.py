"""The pager's metrics: there from the start, and without anybody's name."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from api.pager.metrics import HOPS, LEVELS, OUTCOMES, PagerMetrics
from api.pages.model import PageKind
from api.risk.model import Level


def test_every_child_exists_from_the_start_at_0() -> None:
    metrics = PagerMetrics("1", "r1")
    metrics.expect(["mail"])
    value = metrics.registry.get_sample_value
    for level in LEVELS:
        assert value("xiongichat_pages_open", {"level": level.name}) == 0
        assert value("xiongichat_risk_oldest_unacked_timestamp_seconds", {"level": level.name}) == 0
        for kind in PageKind:
            assert value("xiongichat_pages_total", {"kind": kind.value, "level": level.name}) == 0
    for outcome in OUTCOMES:
        assert value("xiongichat_page_deliveries_total", {"channel": "mail", "outcome": outcome}) == 0
    for hop in HOPS:
        assert value("xiongichat_page_hop_seconds_count", {"hop": hop}) == 0
    assert value("xiongichat_page_latency_seconds_count") == 0
    assert value("xiongichat_page_acknowledge_seconds_count") == 0
    assert value("xiongichat_build_info", {"version": "1", "release": "r1"}) == 1


def test_a_reason_nobody_knows_is_counted_as_broken() -> None:
    metrics = PagerMetrics("1", "r1")
    metrics.tried("mail", "something new")
    labels = {"channel": "mail", "outcome": "broken"}
    assert metrics.registry.get_sample_value("xiongichat_page_deliveries_total", labels) == 1


def test_a_level_without_open_pages_goes_back_to_0() -> None:
    metrics = PagerMetrics("1", "r1")
    since = datetime(2026, 3, 2, tzinfo=UTC)
    metrics.show_open({Level.HIGH: (2, since)})
    metrics.show_open({})
    value = metrics.registry.get_sample_value
    assert value("xiongichat_pages_open", {"level": "HIGH"}) == 0
    assert value("xiongichat_risk_oldest_unacked_timestamp_seconds", {"level": "HIGH"}) == 0


def test_every_metric_is_documented_with_its_type_and_labels() -> None:
    page = (Path(__file__).parents[4] / "docs" / "reference" / "pager.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(xiongichat_\w+)` \| (\w+) \| ([^|]*) \|", page, re.MULTILINE)
    metrics = PagerMetrics("1", "r1")
    made = {
        collector._name: (collector._type, collector._labelnames)  # type: ignore[attr-defined]
        for collector in metrics.registry._collector_to_names
        if hasattr(collector, "_labelnames")
    }
    documented = {
        name.removesuffix("_total"): (kind, tuple(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in rows
    }
    assert documented == made
