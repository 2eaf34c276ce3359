"""The notation of promtool's series, value by value."""

import pytest

from xiong.errors import ConfigurationError
from xiong.operations.prove.series import parse


def values(text: str, count: int) -> list[float | None]:
    series = parse("a_metric", text)
    return [series.at(index) for index in range(count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", [3, 3, 3]),
        ("1x2", [1, 1, 1, 1]),
        ("0+2x3", [0, 2, 4, 6, 6]),
        ("9-0.5x2", [9, 8.5, 8, 8]),
        ("0x1 5x1", [0, 0, 5, 5, 5]),
        ("_x2 1x1 stale", [None, None, 1, 1, None, None]),
        ("_ 1e3", [None, 1000, 1000]),
        ("-1+1x2", [-1, 0, 1, 1]),
    ],
)
def test_a_sample_is_what_promtool_reads_and_the_last_one_stays(text, expected):
    assert values(text, len(expected)) == expected


def test_infinity_is_a_number_too():
    assert values("Inf+0x2", 1) == [float("inf")]


def test_a_series_has_its_name_and_labels():
    series = parse('http_requests_total{job="a-b",path="/x/{id}",text="with \\"quotes\\", and, commas"}', "1")

    assert series.name == "http_requests_total"
    assert series.labels == {"job": "a-b", "path": "/x/{id}", "text": 'with "quotes", and, commas'}
    assert series.is_counter
    assert not series.is_moment


def test_times_are_told_from_other_values():
    assert parse("x_timestamp_seconds", "0+30x4").is_moment
    assert parse("x_timestamp_seconds", "0+30x4").begins_moving
    assert not parse("x_timestamp_seconds", "0x4 120x4").begins_moving


@pytest.mark.parametrize("text", ["", "one", "1y2", "{{schema:0}}"])
def test_what_is_not_understood_is_an_error(text):
    with pytest.raises(ConfigurationError, match="not a series"):
        parse("a", text)
