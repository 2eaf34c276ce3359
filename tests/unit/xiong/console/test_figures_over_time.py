"""From scrapes to charts and promises: restarts, births, gaps, quantiles, budgets."""

from __future__ import annotations

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from xiong.console.budget import Objective, objectives
from xiong.console.scrapes import Counting, Tick, counters, gauges, quantile
from xiong.console.series import Ring, Totals

SCRAPE = """
# TYPE http_requests_total counter
http_requests_total{method="POST",path="/api/v1/chat",status="200"} 40
http_requests_total{method="POST",path="/api/v1/chat",status="503"} 2
http_requests_total{method="GET",path="unmatched",status="404"} 900
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.5",method="POST",path="/api/v1/chat"} 30
http_request_duration_seconds_bucket{le="10.0",method="POST",path="/api/v1/chat"} 41
http_request_duration_seconds_bucket{le="+Inf",method="POST",path="/api/v1/chat"} 42
http_request_duration_seconds_bucket{le="+Inf",method="GET",path="/api/v1/pages"} 7
# TYPE risk_events_total counter
risk_events_total{level="HIGH"} 3
# TYPE chat_replies_total counter
chat_replies_total{source="safe"} 1
# TYPE xiongichat_active_users gauge
xiongichat_active_users{window="5m"} 12
# TYPE xiongichat_database_connections gauge
xiongichat_database_connections 9
"""


def samples(text: str = SCRAPE):
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def test_a_scrape_gives_what_the_charts_need_and_leaves_scanners_out():
    assert counters(samples()) == {
        "requests": 42,
        "errors": 2,
        "within 0.5": 30,
        "within 10": 41,
        "within inf": 42,
        "risk HIGH": 3,
        "reply safe": 1,
    }
    assert gauges([samples(), samples()]) == {"users 5m": 12, "connections": 9}


def counted(*rounds: tuple[dict[str, float], str]) -> list[float]:
    """The increments of requests over rounds of ({run: requests counted}, runs that are there)."""
    counting = Counting()
    return [
        counting.increments({run: {"requests": n} for run, n in seen.items()}, alive).get("requests", 0.0)
        for seen, alive in rounds
    ]


def test_what_was_counted_before_the_first_look_is_not_new():
    assert counted(({"a": 1000.0}, "a"), ({"a": 1003.0}, "a")) == [0, 3]


def test_a_replica_born_later_counts_from_its_first_request():
    assert counted(({"a": 5.0}, "a"), ({"a": 5.0, "b": 4.0}, "ab")) == [0, 4]


def test_a_replica_that_did_not_answer_the_first_look_is_not_taken_for_a_new_one():
    assert counted(({"a": 5.0}, "ab"), ({"a": 5.0, "b": 9000.0}, "ab"), ({"b": 9001.0}, "ab")) == [0, 0, 1]


def test_a_restarted_replica_takes_nothing_away():
    assert counted(({"a": 500.0, "b": 10.0}, "ab"), ({"a": 2.0, "b": 11.0}, "ab")) == [0, 3]


def test_a_replica_that_misses_one_scrape_is_not_counted_twice():
    assert counted(({"a": 500.0}, "a"), ({}, "a"), ({"a": 501.0}, "a")) == [0, 0, 1]


def test_runs_that_are_over_are_forgotten():
    assert counted(({"a": 500.0}, "a"), ({"b": 1.0}, "b"), ({"a": 3.0}, "a")) == [0, 1, 3]


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ({}, None),
        ({math.inf: 0.0}, None),
        ({1.0: 10.0, math.inf: 10.0}, 0.95),
        ({1.0: 0.0, 2.0: 10.0, math.inf: 10.0}, 1.95),
        ({1.0: 5.0, math.inf: 10.0}, 1.0),  # beyond the last bucket nothing is known: its bound
    ],
)
def test_a_quantile_is_interpolated_as_prometheus_does(within, expected):
    assert quantile(within, 0.95) == (None if expected is None else pytest.approx(expected))


def filled(count: int, **counts: float) -> Ring:
    ring = Ring()
    for number in range(count):
        ring.add(Tick(1000.0 + 5 * number, 5.0, counts, {"connections": float(number)}))
    return ring


async def chart(ring: Ring, name: str):
    return next(c for c in await ring.charts() if c.name == name)


async def test_rates_are_those_of_the_last_minute():
    traffic = await chart(filled(30, requests=10.0), "traffic")

    assert traffic.lines[0].latest == pytest.approx(2.0)


async def test_a_chart_without_requests_shows_no_error_share_instead_of_zero():
    assert (await chart(filled(5), "errors")).lines[0].latest is None
    assert (await chart(filled(5, requests=50.0, errors=1.0), "errors")).lines[0].latest == 2.0


async def test_two_ticks_are_enough_for_a_chart_and_the_newest_is_always_its_last():
    connections = await chart(filled(2), "connections")
    later = await chart(filled(7), "connections")

    assert connections.times == (1000.0, 1005.0)
    assert later.times == (1000.0, 1010.0, 1020.0, 1030.0)
    assert later.lines[0].values == (0.0, 2.0, 4.0, 6.0)
    assert (await chart(filled(8), "connections")).times[-1] == 1035.0


async def test_the_memory_is_bounded_to_one_hour():
    connections = await chart(filled(2000), "connections")

    assert connections.times[-1] - connections.times[0] <= 3600
    assert len(connections.times) <= 361
    assert (await filled(2000, requests=1.0).totals(10)).requests == 720


async def test_events_are_those_of_five_minutes():
    risk = await chart(filled(100, **{"risk HIGH": 1.0}), "risk")

    assert {line.name: line.latest for line in risk.lines} == {
        "IMMINENT": 0,
        "HIGH": 60,
        "MEDIUM": 0,
        "LOW": 0,
    }


async def test_totals_say_since_when_and_how_many_were_quick():
    counts = {"requests": 4.0, "errors": 1.0, "within 10": 2.0, "within inf": 3.0}
    totals = await filled(3, **counts).totals(10.0)

    assert totals == Totals(since=995.0, requests=12, errors=3, chats=9, quick=6)
    assert await Ring().totals(10.0) == Totals(None)


def test_an_error_budget_is_what_the_promise_still_allows():
    availability, latency = objectives(Totals(0.0, requests=1000, errors=1, chats=100, quick=90))

    assert availability.left == pytest.approx(0.8)
    assert (availability.tone, latency.tone) == ("ok", "bad")
    assert latency.left == pytest.approx(-1.0)
    assert Objective("availability", 0.995, 9960, 10000).tone == "warn"


def test_without_traffic_a_promise_is_neither_kept_nor_broken():
    assert [(o.share, o.left, o.tone) for o in objectives(Totals(None))] == [(None, None, "quiet")] * 2
