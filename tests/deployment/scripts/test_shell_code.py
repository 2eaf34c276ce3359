"""Every shell script of this repository, as shellcheck reads it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from repo import tree

SHELLCHECK = Path(sys.executable).with_name("shellcheck")


def is_script(path: Path) -> bool:
    if path.suffix in {".sh", ".bash"}:
        return True
    if path.suffix:
        return False
    return re.match(rb"#! ?\S+[ /](ba|da)?sh\b", path.read_bytes()[:60]) is not None


SCRIPTS = [path for path in tree.files() if is_script(path)]


def faults(*paths: Path) -> str:
    """What shellcheck finds, in words; `.shellcheckrc` says that it follows what a script sources."""
    argv = [SHELLCHECK, *paths]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def test_shellcheck_finds_nothing_in_any_script():
    assert {"run", "deploy.sh", "verb.sh", "lint.sh"} <= {path.name for path in SCRIPTS}
    assert faults(*SCRIPTS) == ""


@pytest.mark.parametrize(
    ("line", "code"),
    [("rm -rf $1", "SC2086"), ("cd /tmp", "SC2164"), (". ./absent.sh", "SC1091")],
)
def test_what_is_wrong_is_found(tmp_path, line, code):
    script = tmp_path / "wrong.sh"
    script.write_text(f"#!/bin/sh\n{line}\n")

    assert code in faults(script)
