"""How the command line fails: the exit code, the words, and one JSON object."""

import json
import os
import subprocess
import sys

import pytest


def xiong(*words, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "xiong", *words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_state_folder_that_cannot_be_made_is_named_without_a_traceback(tmp_path):
    (tmp_path / "file").touch()

    done = xiong("--state", str(tmp_path / "file" / "state"), "up", "--detach", cwd=tmp_path)

    assert done.returncode == 1
    assert f"{tmp_path}/file/state: Not a directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_one_json_object_with_the_next_command(tmp_path):
    done = xiong("--json", "--config", "absent.toml", "status", cwd=tmp_path)

    assert done.returncode == 2
    assert json.loads(done.stdout) == {
        "error": {
            "message": "no configuration file absent.toml",
            "hint": "xiong init",
            "exit_code": 2,
        }
    }


@pytest.mark.parametrize(
    "words", [["deploy"], ["deploy", "a", "--from", "."], ["migrate"], ["down", "--purge"]]
)
def test_a_call_that_means_nothing_is_a_usage_error(tmp_path, words):
    assert xiong("--state", str(tmp_path), *words, cwd=tmp_path).returncode == 2


def test_a_verb_that_is_not_there_is_a_usage_error(tmp_path):
    assert xiong("restore", cwd=tmp_path).returncode == 2


def test_a_copy_that_was_never_started_is_unhealthy(tmp_path):
    done = xiong("--state", "state", "--json", "status", cwd=tmp_path)

    assert done.returncode == 3
    assert json.loads(done.stdout)["faults"] == ["nothing was ever started here"]
