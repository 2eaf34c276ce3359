"""The page of the drills lists every drill with the limits that it really has."""

from __future__ import annotations

import pytest

from repo import tree
from xiong.operations.drill.drill import Drill
from xiong.operations.drill.registry import DRILLS

PAGE = "docs/reference/drills.md"


def rows() -> dict[str, list[str]]:
    """{drill: the cells of its row} of the table of all drills."""
    section = tree.read(PAGE).partition("## All of them")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row for row in cells}


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def test_the_page_lists_the_drills_in_the_order_in_which_all_of_them_run():
    assert list(rows()) == [drill.name for drill in DRILLS]


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_a_row_says_what_the_drill_promises(drill: Drill):
    _, _, heals, detect, told, page, heal, unanswered, _ = rows()[drill.name]
    limits = drill.limits

    assert (heals, unanswered) == (drill.heals.value, limits.unanswered.value)
    assert [detect, told, page, heal] == [
        seconds(limit)
        for limit in (limits.detect_seconds, limits.told_seconds, limits.page_seconds, limits.heal_seconds)
    ]
