"""Rules and routes in quick motion: durations shrink by one factor, everything else stays."""

import pytest

from xiong.operations.prove import scaling
from xiong.operations.prove.expressions import metrics
from xiong.platforms import shipped


@pytest.mark.parametrize(
    ("text", "quick"),
    [
        ("rate(a[5m])", "rate(a[5000ms])"),
        ("max_over_time(a[1h:1m])", "max_over_time(a[60000ms:1000ms])"),
        ("max_over_time(a[1h:])", "max_over_time(a[60000ms:])"),
        ("a offset 30m", "a offset 30000ms"),
        ("a[1h30m]", "a[90000ms]"),
        ("time() - a > 300", "time() - a > 300"),
        ("predict_linear(v[6h], 24 * 3600) < 0", "predict_linear(v[360000ms], (24 * 3600) / 60) < 0"),
    ],
)
def test_only_durations_shrink(text, quick):
    assert scaling.expression(text, 60) == quick


def test_no_duration_of_a_rule_shrinks_to_nothing():
    document = scaling.rules(shipped.groups(), 3600)
    lengths = [r[key] for g in document["groups"] for r in g["rules"] for key in ("for",) if key in r]

    assert lengths
    assert all(scaling.seconds(length) > 0 for length in lengths)


def test_every_shipped_rule_is_there_and_only_its_durations_are_others():
    before = [rule for group in shipped.groups() for rule in group["rules"]]
    after = [rule for group in scaling.rules(shipped.groups(), 60)["groups"] for rule in group["rules"]]
    kept = ("alert", "record", "labels", "annotations")

    assert [[r.get(k) for k in kept] for r in before] == [[r.get(k) for k in kept] for r in after]
    assert [set(metrics(r["expr"])) for r in before] == [set(metrics(r["expr"])) for r in after]
    assert sum("[5m]" in rule["expr"] for rule in before) > 5
    assert not any("[5m]" in rule["expr"] for rule in after)


def test_routes_keep_their_matchers_and_nothing_is_muted_by_the_hour():
    document = shipped.load(shipped.folder() / "alertmanager" / "alertmanager.yml")
    quick = scaling.routes(document, 60)

    def shape(route):
        return (
            route.get("receiver", ""),
            route.get("matchers"),
            [shape(inner) for inner in route.get("routes", [])],
        )

    assert shape(quick["route"]) == shape(document["route"])
    assert (
        scaling.seconds(quick["route"]["group_wait"]) == scaling.seconds(document["route"]["group_wait"]) / 60
    )
    assert {t["name"] for t in quick["time_intervals"]} == {t["name"] for t in document["time_intervals"]}
    assert all(t["time_intervals"] == [{"years": ["1970"]}] for t in quick["time_intervals"])


RECORDED = {"short": "rate(a[5m])", "long": "short + rate(b[6h])", "loop": "loop"}


@pytest.mark.parametrize(
    ("expr", "factor"),
    [
        ("short > 1", 60),  # 5 min are 5 s
        ("rate(c[1h]) > 1", 720),
        ("long", 60),
        ("rate(c[3d])", 3600),  # at most
        ("up == 0", 80),  # no window: 40 min of the case are 30 s
        ("loop", 80),
    ],
)
def test_the_shortest_window_that_an_alert_reads_keeps_five_scrapes(expr, factor):
    assert scaling.factor_for(expr, RECORDED, 2400) == factor
