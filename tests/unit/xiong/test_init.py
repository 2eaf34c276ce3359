"""`xiong init`: a settings file, secrets and keys; a second call changes nothing."""

import json
import os
import subprocess
import sys
import tomllib

import pytest

from xiong.config.load import load_settings
from xiong.config.reference import reference
from xiong.operations.secrets.names import ROTATED
from xiong.platforms import shipped

KEY = "backup-offline-key"


@pytest.fixture
def xiong(tmp_path):
    def call(*words, expect=0, answers=None, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "xiong", "--state", str(tmp_path / "state"), *words],
            cwd=tmp_path,
            env={**os.environ, **environment},
            input=answers,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        return done.stdout + done.stderr

    return call


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_chosen_is_every_default():
    assert tomllib.loads(reference({})) == {name: {} for name in tomllib.loads(reference({}))}
    assert load_settings(None, tomllib.loads(reference({}))) == load_settings(None, {})


def test_what_is_chosen_is_in_force_and_the_rest_is_a_comment():
    text = reference({"service": {"environment": "production"}, "backup": {"repositories": ["s3://b/x"]}})

    found = {section: values for section, values in tomllib.loads(text).items() if values}
    assert found == {"service": {"environment": "production"}, "backup": {"repositories": ["s3://b/x"]}}
    assert "# replicas = 2\n" in text


def test_it_asks_nothing_with_yes_and_makes_settings_secrets_and_keys(xiong, tmp_path):
    told = json.loads(
        xiong("--json", "init", "--yes", "--repository", "file:///mnt/a", "--environment", "staging")
    )

    assert (told["written"], told["offline_here"], len(told["recipients"])) == (True, True, 2)
    assert sorted(told["secrets"]) == sorted(ROTATED)
    settings = load_settings(tmp_path / "xiong.toml")
    assert settings.backup.repositories == ("file:///mnt/a",)
    assert settings.service.environment == "staging"
    assert (tmp_path / "state" / "secrets" / KEY).is_file()
    assert (tmp_path / "xiong.toml").stat().st_mode & 0o077 == 0


def test_a_second_call_overwrites_nothing(xiong, tmp_path):
    xiong("init", "--yes")
    (tmp_path / "xiong.toml").write_text("# as people left it\n")
    before = everything(tmp_path)

    told = json.loads(xiong("--json", "init", "--yes"))

    assert everything(tmp_path) == before
    assert (told["written"], told["secrets"]) == (False, [])


def test_what_was_said_before_the_verb_is_written_so_that_the_next_verb_finds_the_same_copy(xiong, tmp_path):
    xiong("--platform", "local", "init", "--yes")

    written = tomllib.loads((tmp_path / "xiong.toml").read_text())
    assert (written["platform"], written["state"]) == ("local", str(tmp_path / "state"))


def test_another_settings_file_that_is_named_stays_and_no_second_one_is_made(xiong, tmp_path):
    (tmp_path / "mine.toml").write_text("")

    told = json.loads(xiong("--json", "--config", "mine.toml", "init", "--yes"))

    assert (told["file"], told["written"]) == ("mine.toml", False)
    assert not (tmp_path / "xiong.toml").exists()


def test_the_files_of_compose_are_copied_for_those_who_run_it_by_hand(xiong, tmp_path):
    chosen = ("init", "--yes", "--platform", "compose", "--compose-files")

    told = json.loads(xiong("--json", *chosen))

    assert told["copied"] == ["compose.yaml", ".env.example"]
    for source in shipped.by_hand("compose"):
        assert (tmp_path / source.name).read_bytes() == source.read_bytes()
    assert load_settings(tmp_path / "xiong.toml").platform == "compose"
    assert (tmp_path / "state" / "secrets" / KEY).is_file()
    (tmp_path / "xiong.toml").unlink()
    before = everything(tmp_path)
    assert "compose.yaml is there already" in xiong(*chosen, expect=2)
    assert everything(tmp_path) == before


def test_a_platform_without_files_to_run_by_hand_copies_none(xiong, tmp_path):
    assert "local needs no files of Compose" in xiong("init", "--yes", "--compose-files", expect=2)
    assert list(tmp_path.iterdir()) == []


def test_a_platform_that_is_none_is_refused(xiong, tmp_path):
    assert "platform: Input should be" in xiong("init", "--yes", "--platform", "moon", expect=2)
    assert list(tmp_path.iterdir()) == []


def test_choices_for_a_file_that_is_there_are_refused(xiong, tmp_path):
    (tmp_path / "xiong.toml").write_text("[service]\nreplicas = 3\n")

    said = xiong("init", "--yes", "--environment", "staging", expect=2)

    assert "xiong.toml is there already" in said
    assert (tmp_path / "xiong.toml").read_text() == "[service]\nreplicas = 3\n"
    assert not (tmp_path / "state" / "secrets" / KEY).exists()


def test_the_offline_key_is_moved_to_where_it_is_taken_away(xiong, tmp_path):
    xiong("init", "--yes", "--offline-key", "stick.txt")

    assert "AGE-SECRET-KEY-" in (tmp_path / "stick.txt").read_text()
    assert (tmp_path / "stick.txt").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "state" / "secrets" / KEY).exists()
    assert "was taken away before" in xiong("init", "--yes", "--offline-key", "other.txt", expect=1)
    assert "is not overwritten" in xiong("init", "--yes", "--offline-key", "stick.txt", expect=2)


@pytest.mark.parametrize("place", ["xiong.toml", "no stick here/key.txt"])
def test_a_place_where_the_offline_key_would_be_lost_is_refused_before_anything_is_made(
    xiong, tmp_path, place
):
    xiong("init", "--yes", "--offline-key", place, expect=2)
    assert list(tmp_path.iterdir()) == []


def test_answers_are_put_in_and_an_empty_one_is_the_default(xiong, tmp_path):
    xiong("init", answers="production\n\nfile:///mnt/a s3://b/x\n")

    settings = load_settings(tmp_path / "xiong.toml")
    assert settings.service.environment == "production"
    assert settings.proxy.host == load_settings(None, {}).proxy.host
    assert settings.backup.repositories == ("file:///mnt/a", "s3://b/x")


def test_a_choice_that_is_none_is_refused_before_anything_is_made(xiong, tmp_path):
    assert "service.environment" in xiong("init", "--yes", "--environment", "moon", expect=2)
    assert not (tmp_path / "xiong.toml").exists()
    assert not (tmp_path / "state").exists()


def test_a_dry_run_makes_nothing(xiong, tmp_path):
    said = xiong("init", "--dry-run", "--environment", "staging")

    assert "would write xiong.toml with state, service.environment" in said
    assert "would make the secrets database-superuser," in said
    assert "would make the two keys of backups" in said
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_what_is_there_already(xiong, tmp_path):
    xiong("init", "--yes")
    before = everything(tmp_path)

    planned = json.loads(xiong("--json", "init", "--dry-run", "--offline-key", "stick.txt"))["steps"]

    assert planned == [
        "keep xiong.toml as it is",
        "make no secret: all are there",
        "make no key of backups: they are there",
        "move the offline key into stick.txt",
    ]
    assert everything(tmp_path) == before


def test_the_passwords_of_a_database_of_the_users_own_are_not_made(xiong, tmp_path):
    elsewhere = {"XIONG_DATABASE__URL": "postgresql://someone:word@db.example/x"}

    told = json.loads(xiong("--json", "init", "--yes", **elsewhere))

    assert "cache" in told["secrets"]
    assert not [name for name in told["secrets"] if name.startswith("database-")]
