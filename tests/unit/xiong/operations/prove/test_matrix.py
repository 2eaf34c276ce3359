"""What counts as whole, what expressions name, and how dashboards are read."""

import pytest

from xiong.operations.prove import boards
from xiong.operations.prove.expressions import metrics
from xiong.operations.prove.matrix import Matrix, Proof, Verdict


@pytest.mark.parametrize(
    ("verdicts", "required", "whole"),
    [
        ([Verdict.PROVED], True, True),
        ([Verdict.PROVED, Verdict.GAP], False, False),
        ([Verdict.PROVED, Verdict.NOT_RUN], False, True),
        ([Verdict.PROVED, Verdict.NOT_RUN], True, False),
    ],
)
def test_a_gap_breaks_the_matrix_and_with_require_what_was_not_run_does_too(verdicts, required, whole):
    matrix = Matrix(tuple(Proof("a", str(n), v) for n, v in enumerate(verdicts)), required, 1.0)

    assert matrix.whole() is whole


@pytest.mark.parametrize(
    ("expr", "named"),
    [
        ('sum by (le) (rate(a_bucket{job="x",le=~"1|2"}[5m])) > 0.5', {"a_bucket": {"job", "le"}}),
        ("max(a) or max by (level) (b) unless c:d:e", {"a": set(), "b": set(), "c:d:e": set()}),
        ('count(up{job!~"a"} == 0) * on () group_left () d', {"up": {"job"}, "d": set()}),
        ('label_replace(a{x="1"}, "to", "$1", "from", "(.+)")', {"a": {"x"}}),
        ("time() - vector(1) + 1h", {}),
    ],
)
def test_the_metrics_of_an_expression_are_found_with_what_is_asked_of_them(expr, named):
    assert metrics(expr) == named


def test_a_query_of_a_dashboard_has_no_variable_left():
    found = boards.queries()

    assert len(found) > 50
    assert [query.title for query in found if "$" in query.expr] == []
    assert any("(choice)" in query.title for query in found)
    assert any("(mark)" in query.title for query in found)
