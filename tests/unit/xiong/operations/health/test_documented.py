"""The page of the checks says what the registry holds; the tests of the verdicts hold its causes."""

from repo import tree
from xiong.operations.health.registry import CHECKS
from xiong.operations.recovery.actions.registry import ACTIONS

PAGE = tree.read("docs/reference/health.md")
ROWS = tree.tables(PAGE)


def words(cell: str) -> tuple[str, ...]:
    return tuple(word.strip().strip("`") for word in cell.split(",") if word.strip())


def deadline(seconds: float, every: float) -> str:
    return f"{seconds:g} s" + (f", every {every:g} s" if every else "")


def documented_causes() -> dict[tuple[str, str], tuple[str, ...] | None]:
    """{(check, cause): the actions it may trigger}; None where people are told and no more."""
    return {
        (row[0].strip("`"), row[1].strip("`")): words(row[3]) if row[3] != "told" else None
        for row in ROWS
        if len(row) == 4
    }


def test_every_check_is_listed_with_what_it_depends_on_and_its_deadline():
    listed = [(row[0].strip("`"), words(row[3]), row[4]) for row in ROWS if len(row) == 5]

    assert listed == [(c.name, c.depends_on, deadline(c.timeout_seconds, c.every_seconds)) for c in CHECKS]


def test_every_action_that_a_cause_may_trigger_is_listed_and_no_other():
    listed = {key: actions for key, actions in documented_causes().items() if actions != ()}
    allowed = {(c.name, cause): actions or None for c in CHECKS for cause, actions in c.allows}

    assert listed == allowed


def test_every_action_that_a_check_allows_exists():
    known = {action.name for action in ACTIONS}

    assert {name for c in CHECKS for _, actions in c.allows for name in actions} <= known
