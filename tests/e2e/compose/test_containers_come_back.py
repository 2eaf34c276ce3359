"""Containers that are killed, data that is lost, an engine that is started again: the copy serves on."""

import json
import shutil
import signal

import pytest

from composed import ComposedCopy, talks
from copies import finished
from docker_engine import docker
from servers import wait_until

pytestmark = [pytest.mark.compose, pytest.mark.timeout(600)]
PEOPLE = "SELECT count(*) FROM messages"
SECONDS = 90


def healthy(copy: ComposedCopy) -> bool:
    return copy.xiong("status", expect=None).exit_code == 0


def test_each_container_that_is_killed_serves_again(watched: ComposedCopy):
    for name in sorted(i.name for i in watched.instances()):
        before = watched.identity(name)
        # From inside, as a crash is: the engine takes its own `kill` for a wanted stop.
        finished(watched.platform().kill(name, signal.SIGKILL))

        wait_until(lambda name=name, was=before: watched.identity(name) != was, f"{name} again", SECONDS)
        wait_until(lambda: healthy(watched), f"all well after {name} was killed", SECONDS)

    talks(watched, "after-the-kills")


def test_the_folder_of_the_database_is_lost_and_every_row_comes_back(watched: ComposedCopy):
    for number in range(5):
        talks(watched, f"before-the-loss-{number}")
    watched.xiong("backup", "create")
    talks(watched, "after-the-backup")
    rows = watched.sql(PEOPLE)
    wait_until(lambda: shipped(watched), "the log is stored", SECONDS)
    docker("kill", watched.container("postgres"))
    shutil.rmtree(watched.state / "postgres")

    restored = watched.xiong("restore", "newest", "--yes-restore", "newest", timeout=300).json
    wait_until(lambda: healthy(watched), "all well", SECONDS)

    assert watched.sql(PEOPLE) == rows
    assert restored["gated_seconds"] >= 0
    talks(watched, "after-the-restore")


def shipped(copy: ComposedCopy) -> bool:
    health = copy.xiong("health", "wal", expect=None)
    return health.exit_code == 0


def test_a_drill_boots_the_real_service_on_what_was_restored(watched: ComposedCopy):
    ran = watched.xiong("drill", "restore", timeout=300)

    assert [result["outcome"] for result in ran.json["results"]] == ["passed"]
    left = docker("ps", "--quiet", "--filter", f"label=xiong.task-of={watched.project.name}")
    assert left.out == ""


def test_down_and_up_keep_the_data(watched: ComposedCopy):
    rows = watched.sql(PEOPLE)

    watched.xiong("down")
    assert watched.instances() == []
    watched.up()

    assert watched.sql(PEOPLE) >= rows


def test_no_secret_is_in_what_the_engine_shows_of_a_container(watched: ComposedCopy):
    names = ("database-", "cache", "secret-key", "operator-token", "care-token")
    secrets = [
        file.read_text().strip()
        for file in (watched.state / "secrets").iterdir()
        if file.is_file() and file.name.startswith(names)
    ]
    shown = docker("inspect", *(watched.container(i.name) for i in watched.instances())).out

    assert len(secrets) >= 6
    assert not [word for word in secrets if word in shown]


def test_only_the_proxy_is_published(watched: ComposedCopy):
    names = [instance.name for instance in watched.instances()]
    shown = json.loads(docker("inspect", *(watched.container(name) for name in names)).out)

    published = {one["Name"] for one in shown if any(one["HostConfig"]["PortBindings"] or {})}

    assert published == {f"/{watched.container('proxy')}"}
