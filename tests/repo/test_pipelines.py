"""Every pipeline runs the same steps, and each step can be run by hand."""

from __future__ import annotations

import os
import re

from repo import tree

STEPS = sorted((tree.ROOT / "deployment" / "ci-cd" / "steps").glob("*.sh"))


def recipe(target: str) -> str:
    """The lines that a target of the Makefile runs."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", tree.read("Makefile"), re.MULTILINE)
    return found[1] if found else ""


def test_the_whole_proof_runs_the_tests_and_the_checks():
    run = tree.read(".ci/run")

    assert re.search(r"\bmake test\b", run)
    assert re.search(r"\bmake check\b", run)


def test_every_step_is_called_by_a_target_or_by_the_whole_proof():
    callers = tree.read("Makefile") + tree.read(".ci/run")

    assert STEPS
    assert [s.name for s in STEPS if s.relative_to(tree.ROOT).as_posix() not in callers] == []


def test_every_step_stops_at_the_first_failure_and_can_be_run():
    for script in (*STEPS, tree.ROOT / ".ci" / "run"):
        text = script.read_text(encoding="utf-8")
        assert text.startswith("#!"), script.name
        assert re.search(r"^set -\w*u", text, re.MULTILINE), script.name
        assert os.access(script, os.X_OK), script.name
    assert all("set -eu" in step.read_text(encoding="utf-8") for step in STEPS)


def test_the_makefile_tests_and_generates_as_the_pages_say():
    assert "pytest" in recipe("test")
    assert "deployment.docs" in recipe("docs")
    assert "xiong up --detach" in recipe("up")


def test_every_target_is_explained_by_make_help():
    phony = re.search(r"^\.PHONY: (.*)$", tree.read("Makefile"), re.MULTILINE)
    assert phony is not None
    explained = set(re.findall(r"^([a-z-]+):.*## ", tree.read("Makefile"), re.MULTILINE))

    assert set(phony[1].split()) == explained
