"""What the healer may do is documented as it is, and an unknown action is named with the known ones."""

import re
from pathlib import Path

import pytest

from xiong.errors import UsageError
from xiong.operations.recovery.actions.registry import ACTIONS, by_name

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "actions.md"


def test_every_action_is_documented_with_its_blast_radius():
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert dict(rows) == {action.name: action.blast_radius for action in ACTIONS}
    assert len(rows) == len(ACTIONS)


def test_an_unknown_action_is_refused_with_the_known_ones():
    assert [by_name(action.name) for action in ACTIONS] == list(ACTIONS)
    with pytest.raises(UsageError, match="no action reboot: expected one of restart-replica, "):
        by_name("reboot")
