"""Each rule finds the fault it is there for, and leaves sound text alone."""

from __future__ import annotations

import pytest

from repo import commands, rules, tree

SOUND = '''"""What it is for."""
from contextlib import contextmanager


@contextmanager
def commonly_used(path):
    yield path
'''


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        (rules.too_long, "x = 1\n" * 301),
        (rules.without_docstring, "x = 1\n"),
        (rules.unfinished, "# TO" + "DO: later"),
        (rules.unfinished, "raise Not" + "ImplementedError"),
        (rules.unfinished, "see issue" + " #12"),
        (rules.places, "index = 'https://py" + "pi.org/simple'"),
        (rules.places, "open('/wor" + "k/data')"),
        (rules.places, "cd /roo" + "t/copy"),
        (rules.sleeps, "import time\ntime.sleep(1)"),
        (rules.sleeps, "from time import sleep\nsleep(1)"),
        (rules.not_run, "@pytest.mark.skipif(True, reason='')\ndef test_it(): ..."),
        (rules.not_run, "def test_it():\n    pytest.skip('absent')"),
        (rules.vague_names, "class SessionManager: ..."),
        (rules.vague_names, "def helper_for(x): ..."),
        (rules.vague_names, "import tools as utils"),
        (rules.unnamed_sentence, "def test_it(): ..."),
    ],
)
def test_a_rule_finds_what_it_forbids(rule, wrong):
    assert rule(wrong)
    assert not rule(SOUND)


def test_a_word_that_only_contains_a_banned_one_is_fine():
    assert not rules.vague("asynccontextmanager")
    assert not rules.vague("uncommon_case")
    assert rules.vague("common.yaml")


@pytest.mark.parametrize(
    "call", ["xiong deply --from .", "xiong up --detached", "xiong scale many", "xiong --jsn status"]
)
def test_a_command_that_does_not_exist_is_found(call):
    assert commands.fault(call.split())


@pytest.mark.parametrize(
    "call", ["xiong deploy --from .", "xiong --json VERB", "xiong --version", "xiong scale 4"]
)
def test_a_command_that_exists_is_accepted(call):
    assert commands.fault(call.split()) is None


def test_commands_are_found_in_blocks_and_in_inline_code():
    page = (
        "Run `xiong status`.\n\n```sh\nXIONG_PROXY__PORT=0 xiong up --detach && xiong down\n# xiong no\n```\n"
    )

    assert commands.shown(page, "xiong") == [["xiong", "up", "--detach"], ["xiong", "status"]]


def test_links_and_anchors_are_read_from_a_page():
    page = "# A `b` c!\n\n[one](x.md#d) and `[not](this)`\n\n```text\n[nor](that)\n```\n"

    assert tree.links(page) == ["x.md#d"]
    assert tree.anchors(page) == {"a-b-c"}
