"""What the tests of the Terraform modules share: a program, and a copy of the files to write into.

Without a program, or where nobody has said where providers come from, the list of programs is empty: what
needs one is counted and printed by pytest as not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deployment" / "terraform"
_LEFT_OUT = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate*", "*.tfvars")


def _providers_are_set_up() -> bool:
    """Whether a configuration or a cache says where providers come from; nothing is fetched unasked."""
    named = [os.environ.get(name) for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR")]
    usual = [Path.home() / ".tofurc", Path.home() / ".terraformrc"]
    return any(Path(path).exists() for path in named if path) or any(path.is_file() for path in usual)


def _programs() -> list[str]:
    """OpenTofu, else Terraform."""
    found = [path for path in map(shutil.which, ("tofu", "terraform")) if path]
    return found[:1] if _providers_are_set_up() else []


@dataclass(frozen=True)
class Copy:
    """The files of this folder beside the manifests that they read, for one test to run in or to break."""

    program: str
    root: Path

    def path(self, name: str) -> Path:
        return self.root / "terraform" / name

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs the program in one of the folders."""
        return subprocess.run(
            [self.program, *words, "-no-color"],
            cwd=self.path(name),
            env={**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )

    def succeed(self, name: str, *words: str) -> str:
        """Runs it and gives what it printed; anything but 0 fails the test."""
        done = self.run(name, *words)
        assert done.returncode == 0, f"{words} in {name}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def replace(self, name: str, old: str, new: str) -> None:
        """Breaks a file; what is broken must be there exactly once."""
        path = (self.root / name).resolve()
        text = path.read_text()
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new))

    def keep_one_promise(self, folder: str, name: str) -> None:
        """Takes every other `run` out of the tests of a folder: each costs a second."""
        (path,) = (self.path(folder) / "tests").glob("*.tftest.hcl")
        runs = list(re.finditer(r'^run "(\w+)" \{\n.*?^\}\n', path.read_text(), re.MULTILINE | re.DOTALL))
        (kept,) = (run[0] for run in runs if run[1] == name)
        path.write_text(path.read_text()[: runs[0].start()] + kept)


@pytest.fixture(params=_programs(), ids=lambda path: Path(path).name)
def terraform(request: pytest.FixtureRequest, tmp_path: Path) -> Copy:
    """A fresh copy and the program."""
    shutil.copytree(FOLDER, tmp_path / "terraform", ignore=_LEFT_OUT)
    shutil.copytree(FOLDER.parent / "kubernetes", tmp_path / "kubernetes")
    return Copy(request.param, tmp_path)
