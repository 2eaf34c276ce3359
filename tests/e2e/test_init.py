"""`xiong init --yes` in an empty folder: the copy runs with what it made, either key opens its backups."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from copies import Copy, Ran, open_folder

pytestmark = pytest.mark.long


class Machine:
    """A folder of its own in which somebody types `xiong`, with the default settings and state folder."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        home.mkdir()
        self.home = home
        self.environment = environment

    def xiong(self, *words: str, expect: int = 0, **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "xiong", "--json", *words],
            env={**self.environment, **environment},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == expect, f"exit {done.returncode}: {done.stderr}\n{done.stdout}"
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def secrets(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in (self.home / ".xiong" / "secrets").iterdir()}


@pytest.fixture
def copy():
    made = Copy(open_folder(), XIONG_WATCH__ENABLED="true")
    made.state = made.folder / "home" / ".xiong"
    try:
        yield made
    finally:
        made.remove()


def test_a_copy_that_init_prepared_runs_and_either_key_opens_its_backups(copy):
    here, stick = Machine(copy.folder / "home", copy.environment), copy.folder / "stick.txt"
    told = here.xiong("init", "--yes", "--offline-key", str(stick)).json
    assert (told["written"], told["offline_here"], len(told["recipients"])) == (True, False, 2)
    prepared, file = here.secrets, here.home / "xiong.toml"

    here.xiong("up", "--detach")

    assert here.xiong("status").json["healthy"]
    assert {name: here.secrets[name] for name in prepared} == prepared
    text = file.read_bytes()
    assert here.xiong("init", "--yes").json["written"] is False
    assert file.read_bytes() == text

    # The offline key is away: the copy's own opens every byte.
    made = here.xiong("backup", "create", "--full").json
    (found,) = here.xiong("backup", "verify", made["id"]).json["sets"]
    assert found["outcome"] == "good"
    # The machine is away: on another one nobody reads it but with the offline key.
    repositories = json.dumps([f"file://{copy.state / 'backups'}"])
    other = Machine(
        copy.folder / "another machine", {**copy.environment, "XIONG_BACKUP__REPOSITORIES": repositories}
    )
    assert "does not trust" in other.xiong("backup", "verify", made["id"], expect=1).out
    (found,) = other.xiong("backup", "verify", made["id"], XIONG_BACKUP_IDENTITY_FILE=str(stick)).json["sets"]
    assert found["outcome"] == "good"
