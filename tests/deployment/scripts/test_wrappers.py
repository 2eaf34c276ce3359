"""The scripts for people who know no `xiong`: each becomes one verb, takes all its words, ends as it does."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "deployment" / "scripts"
CALLS = {
    ("deploy.sh",): ("deploy",),
    ("rollback.sh",): ("rollback",),
    ("health_check.sh",): ("health",),
    ("disaster_recovery.sh", "backup"): ("backup", "create"),
    ("disaster_recovery.sh", "restore"): ("restore",),
    ("disaster_recovery.sh", "health"): ("health",),
}
NAMES = sorted({call[0] for call in CALLS})
WORDS = ["--from", "a folder", "", "*", "--override", 'it\'s "quoted" $HOME']


def run(script: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *words],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), **environment},
        cwd=script.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(frozen=True)
class Clone:
    """The scripts in a clone of their own; its `xiong` writes down the words it gets, and ends with 7."""

    folder: Path

    @property
    def scripts(self) -> Path:
        return self.folder / "deployment" / "scripts"

    def program(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        file = folder / "xiong"
        file.write_text(f"#!/bin/sh\nprintf '%s\\n' call \"$@\" >> '{self.folder}/calls'\nexit 7\n")
        file.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.is_file() else []


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path / "a clone")
    shutil.copytree(SCRIPTS, made.scripts)
    return made


@pytest.mark.parametrize(("call", "verb"), CALLS.items(), ids=" ".join)
def test_each_calls_one_verb_with_all_its_words_and_ends_with_its_exit_code(clone, call, verb):
    clone.program(clone.folder / ".venv" / "bin")

    done = run(clone.scripts / call[0], *call[1:], *WORDS)

    assert done.returncode == 7, done.stderr
    assert clone.calls == ["call", *verb, *WORDS]


def test_without_an_environment_in_the_clone_the_one_on_path_is_called(clone):
    clone.program(clone.folder / "elsewhere")

    done = run(clone.scripts / "health_check.sh", PATH=f"{clone.folder}/elsewhere:{os.environ['PATH']}")

    assert (done.returncode, clone.calls) == (7, ["call", "health"])


def test_where_xiong_is_nowhere_they_say_what_to_type(clone):
    tools = clone.folder / "tools"
    tools.mkdir()
    for name in ("sh", "sed", "dirname"):
        (tools / name).symlink_to(shutil.which(name))

    done = run(clone.scripts / "deploy.sh", PATH=str(tools))

    assert done.returncode == 1
    assert f"type: make -C '{clone.folder}' .venv/run" in done.stderr


@pytest.mark.parametrize("words", [(), ("destroy",)])
def test_a_subcommand_that_is_none_is_a_wrong_call_and_calls_nothing(clone, words):
    clone.program(clone.folder / ".venv" / "bin")

    done = run(clone.scripts / "disaster_recovery.sh", *words)

    assert done.returncode == 2
    assert "expected backup, restore or health" in done.stderr
    assert clone.calls == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_words_and_calls_nothing(clone, name, flag):
    done = run(clone.scripts / name, flag)

    assert done.returncode == 0
    assert all(f"`xiong {' '.join(verb)}`" in done.stdout for call, verb in CALLS.items() if call[0] == name)
    assert f"  {name} " in done.stdout
    assert "set -eu" not in done.stdout


def test_the_real_one_ends_with_3_where_nothing_runs(tmp_path):
    for call in (("health_check.sh",), ("disaster_recovery.sh", "health")):
        done = run(SCRIPTS / call[0], *call[1:], **real(tmp_path))
        assert done.returncode == 3, done.stderr
        assert "nothing was ever started here" in done.stdout


def test_the_real_one_takes_the_words_of_each_verb(tmp_path):
    for call, verb in CALLS.items():
        done = run(SCRIPTS / call[0], *call[1:], "--timeout", "5", "--help", **real(tmp_path))
        assert done.returncode == 0, done.stderr
        assert f"xiong {' '.join(verb)} [OPTIONS]" in done.stdout


def test_the_real_one_refuses_a_deploy_of_nothing_as_a_wrong_call(tmp_path):
    assert run(SCRIPTS / "deploy.sh", **real(tmp_path)).returncode == 2


def real(folder: Path) -> dict[str, str]:
    """The `xiong` of these tests, on a copy that was never started."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XIONG_STATE": str(folder / "state"),
    }
