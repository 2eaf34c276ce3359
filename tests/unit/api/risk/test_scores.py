"""The scores on labelled lines: those that the weights were learnt from, and those that nothing has seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.risk.labelled import Score, read_lines, score_lines
from api.risk.model import Level
from api.risk.rule_engine import RuleEngine

DATA = Path(__file__).parent / "data"
ENGINE = RuleEngine.shipped()


def _score(name: str) -> Score:
    return score_lines((line, ENGINE.assess(line.text, line.history)) for line in read_lines(DATA / name))


def _rate(pair: tuple[int, int]) -> float:
    return pair[0] / pair[1]


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("learn-*.jsonl")))
def test_lines_that_were_learnt_from_meet_the_goal(name: str) -> None:
    score = _score(name)
    if score.raised(Level.IMMINENT)[1]:
        assert _rate(score.raised(Level.IMMINENT)) >= 0.95
    if score.raised(Level.NONE)[1]:
        assert _rate(score.raised(Level.NONE)) <= 0.03


def test_lines_that_nothing_has_seen_are_mostly_right() -> None:
    """The lines are meant to mislead; the floor is a little below what was seen at first sight."""
    score = _score("heldout.jsonl")
    assert _rate(score.raised(Level.IMMINENT)) >= 0.90
    assert _rate(score.raised(Level.NONE)) <= 0.25


def test_the_learnt_lines_hold_every_level_and_category() -> None:
    lines = [line for path in DATA.glob("learn-*.jsonl") for line in read_lines(path)]
    assert {line.level for line in lines} == set(Level)
    assert len(lines) > 2000
