"""How the answer of a model is read as a verdict: strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.risk.model import CATEGORIES, Level
from api.risk.opinion_text import Opinion, instructions, read_opinion


@pytest.mark.parametrize(
    ("answer", "opinion"),
    [
        ('{"level": "HIGH", "categories": ["suicide"]}', Opinion(Level.HIGH, ("suicide",))),
        (
            '```json\n{"level": "imminent", "categories": ["overdose", "suicide"]}\n```',
            Opinion(Level.IMMINENT, ("suicide", "overdose")),
        ),
        ('{"level": "LOW"}', Opinion(Level.LOW, ())),
        ('{"level": "HIGH", "categories": ["doom", 7, "violence"]}', Opinion(Level.HIGH, ("violence",))),
    ],
)
def test_one_verdict_is_read_also_from_a_fence(answer: str, opinion: Opinion) -> None:
    assert read_opinion(answer) == opinion


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "IMMINENT",
        "{}",
        '{"level": "TERRIBLE", "categories": []}',
        '{"level": 4, "categories": []}',
        '{"level": "HIGH", "categories": "suicide"}',
        '{"level": "NONE"} or rather {"level": "HIGH"}',
        '{"level": "HIGH",}',
        '{"level": "HIGH"}' + " " * 3000,
    ],
)
def test_what_is_no_single_verdict_is_nothing(answer: str) -> None:
    assert read_opinion(answer) is None


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(answer: str) -> None:
    read_opinion(answer)
    read_opinion('{"level": ' + answer + "}")


def test_the_model_is_told_every_level_and_category() -> None:
    told = instructions()
    assert all(level.name in told for level in Level)
    assert all(category in told for category in CATEGORIES)
