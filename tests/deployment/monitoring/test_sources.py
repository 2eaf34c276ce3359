"""A17: every metric and label that rules and dashboards name is exported by a job that is scraped."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring_files import PLATFORMS, PROMETHEUS, Exported, exported, load, queries, rules
from promql import Read, Selector, read

EXPORTED = exported()
RECORDED = {rule["record"]: rule["expr"] for _, rule in rules("record")}
# made by the scrape itself; `le` by every histogram
EVERYWHERE = {"job", "instance", "namespace", "pod", "__name__"}


def labels_of(metric: str) -> set[str]:
    """The labels that a series may have."""
    if metric in RECORDED:
        inner = read(RECORDED[metric])
        made = set().union(*(labels_of(s.metric) for s in inner.selectors)) | inner.made
        return made & (inner.grouped | inner.made | EVERYWHERE)
    row = EXPORTED[metric]
    return set(row.labels) | EVERYWHERE | ({"le"} if metric.endswith("_bucket") else set())


def unknown(query: Read) -> list[str]:
    """What an expression names that nobody exports."""
    known = set(EXPORTED) | set(RECORDED)
    faults = [s.metric for s in query.selectors if s.metric not in known]
    selectors = [s for s in query.selectors if s.metric in known]
    for s in selectors:
        faults += [f"{s.metric}{{{name}}}" for name, _, _ in s.matchers if name not in labels_of(s.metric)]
    possible = set().union(*(labels_of(s.metric) for s in selectors)) | query.made
    return faults + sorted(query.grouped - possible)


def jobs(platform: str) -> set[str]:
    config: Any = load(PROMETHEUS / f"prometheus.{platform}.yml")
    return {job["job_name"] for job in config["scrape_configs"]}


def test_a17_everything_that_is_named_is_in_the_table() -> None:
    assert len(EXPORTED) > 60
    assert {where: faults for where, expr in queries() if (faults := unknown(read(expr)))} == {}


def test_everything_in_the_table_is_used_somewhere() -> None:
    used = {selector.metric for _, expr in queries() for selector in read(expr).selectors}
    rows = {row.name: row for row in EXPORTED.values()}
    unused = {name for name, row in rows.items() if not row.names() & used}
    assert unused == set()


def test_every_recorded_series_is_used_somewhere() -> None:
    used = {selector.metric for _, expr in queries() for selector in read(expr).selectors}
    assert set(RECORDED) - used == set()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_job_in_the_table_is_scraped_there(platform: str) -> None:
    named = {row.jobs[platform] for row in EXPORTED.values() if platform in row.jobs} - {"every job"}
    assert named - jobs(platform) == set()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_job_is_scraped_for_something(platform: str) -> None:
    named = {row.jobs[platform] for row in EXPORTED.values() if platform in row.jobs}
    assert jobs(platform) - named == set()


def test_a_selector_names_a_job_that_exports_the_metric() -> None:
    wrong = []
    for where, expr in queries():
        for s in read(expr).selectors:
            wanted = [value for name, operator, value in s.matchers if (name, operator) == ("job", "=")]
            if s.metric in EXPORTED:
                known = _jobs_of(s, EXPORTED)
                wrong += [f"{where}: {s.metric} of {job}" for job in wanted if job not in known]
    assert wrong == []


def _jobs_of(selector: Selector, rows: dict[str, Exported]) -> set[str]:
    named = set(rows[selector.metric].jobs.values())
    return set().union(*map(jobs, PLATFORMS)) if named == {"every job"} else named


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("rate(nobody_total[5m])", "nobody_total"),
        ('sum(http_requests_total{handler="/"})', "http_requests_total{handler}"),
        ("sum by (user) (risk_events_total)", "user"),
        ("up / on (server) pg_stat_database_numbackends", "server"),
    ],
)
def test_a_name_that_nobody_exports_is_found(expr: str, fault: str) -> None:
    assert unknown(read(expr)) == [fault]


def test_an_expression_is_read_as_prometheus_reads_it() -> None:
    found = read(
        'label_replace(sum by (a) (rate(m_total{b=~"x\\\\.y",c!="}"}[5m] offset 5m)), "d", "$1", "a", "(.+)")'
        " / on (e) group_left (f) n > 0 unless o:p:q == bool 3"
    )
    assert found.selectors == [
        Selector("m_total", (("b", "=~", "x\\.y"), ("c", "!=", "}"))),
        Selector("n"),
        Selector("o:p:q"),
    ]
    assert (found.grouped, found.made) == ({"a", "e", "f"}, {"d"})
