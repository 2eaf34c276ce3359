"""Each module and environment is formatted, valid, and keeps the promises of its own tests.

`tofu test` runs with mocked providers: nothing is made anywhere, and no cloud is asked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "deployment" / "terraform"
FOLDERS = sorted(path.parent.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("versions.tf"))
pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]


def test_every_file_is_formatted(terraform):
    terraform.succeed(".", "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_is_valid_and_keeps_its_promises(terraform, folder):
    terraform.succeed(folder, "init", "-backend=false", "-input=false")
    terraform.succeed(folder, "validate")
    printed = terraform.succeed(folder, "test")

    promised = sum(
        len(re.findall(r'^run "', path.read_text(), re.MULTILINE))
        for path in (FOLDER / folder / "tests").glob("*.tftest.hcl")
    )
    assert promised >= 2
    assert f"{promised} passed, 0 failed" in printed


@pytest.mark.parametrize("checkov", [found] if (found := shutil.which("checkov")) else [])
def test_the_scanner_finds_nothing_that_has_no_reason(checkov, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform"))
    words = [
        "--directory",
        "terraform",
        "--framework",
        "terraform",
        "--skip-download",
        "--compact",
        "--quiet",
    ]

    done = subprocess.run(
        [checkov, *words], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Failed checks: 0, Skipped checks: [1-9]", done.stdout)
