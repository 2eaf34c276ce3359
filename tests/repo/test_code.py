"""How the code reads, as rules over every file; what they forbid is in `rules.py`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from repo import rules, tree


def faults(rule: Callable[[str], list[str]], paths: Iterable[Path]) -> list[str]:
    """What the rule finds, with the file it stands in."""
    return [f"{tree.named(p)}: {fault}" for p in paths for fault in rule(p.read_text(encoding="utf-8"))]


def test_the_rules_see_the_code():
    assert len(tree.python("src")) > 50
    assert len(tree.python("tests")) > 20


def test_no_file_is_longer_than_300_lines():
    assert faults(rules.too_long, tree.python("src", "tests")) == []


def test_every_module_says_what_it_is_for():
    assert faults(rules.without_docstring, tree.python("src", "tests", "deployment", "bench")) == []


def test_nothing_is_left_unfinished():
    every = tree.python("src", "tests", "deployment", "bench") + tree.pages()
    assert faults(rules.unfinished, every) == []


def test_nothing_names_a_package_registry_or_a_path_of_one_machine():
    assert [f"{name}: {fault}" for name, text in tree.texts() for fault in rules.places(text)] == []


def test_nothing_waits_by_sleeping():
    assert faults(rules.sleeps, tree.python("src", "tests", "deployment", "bench")) == []


def test_no_test_is_left_out():
    assert faults(rules.not_run, tree.python("tests")) == []


def test_names_say_what_a_thing_is():
    assert faults(rules.vague_names, tree.python("src", "tests", "deployment", "bench")) == []


def test_file_names_say_what_a_file_is():
    vague = [tree.named(p) for p in tree.files() if any(map(rules.vague, p.relative_to(tree.ROOT).parts))]
    assert vague == []


def test_the_name_of_a_test_is_a_sentence():
    assert faults(rules.unnamed_sentence, tree.python("tests")) == []


def test_imports_keep_the_layers():
    argv = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]

    done = subprocess.run(argv, check=False, cwd=tree.ROOT, capture_output=True, text=True, timeout=100)

    assert done.returncode == 0, done.stdout[-3000:]
