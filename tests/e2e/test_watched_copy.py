"""A copy with what watches it: started by `up`, found by Prometheus, kept alive, left alone when it runs."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from copies import Copy
from watched import HERE, asked, until, url, watched_copy

pytestmark = pytest.mark.long

WATCHING = {"watch", "prometheus", "alertmanager"}


@pytest.fixture(scope="module", params=HERE, ids=["prometheus"] * len(HERE))
def copy(request) -> Iterator[Copy]:
    with watched_copy() as made:
        yield made


def scraped(copy: Copy) -> dict[str, str]:
    """{instance: health} of every target of the copy's Prometheus."""
    targets = asked(copy, "/api/v1/targets?state=active")["activeTargets"]
    return {target["labels"]["instance"]: target["health"] for target in targets}


def test_up_starts_all_of_it_and_status_says_where(copy: Copy):
    found = copy.xiong("status").json

    assert found["healthy"], found["faults"]
    urls = {i["name"]: i["url"] for i in found["instances"] if i["name"] in WATCHING}
    assert set(urls) == WATCHING
    assert all(at.startswith("http://127.0.0.1:") for at in urls.values())
    alerts = httpx.get(f"{urls['alertmanager']}/api/v2/status", timeout=10, trust_env=False).json()
    assert "127.0.0.1" in alerts["config"]["original"]
    assert asked(copy, "/api/v1/rules")["groups"]


def test_prometheus_finds_every_part(copy: Copy):
    wanted = {"api-0", "api-1", "pager-0", "xiong-watch", "prometheus", "alertmanager"}

    until(lambda: scraped(copy) == dict.fromkeys(wanted, "up"), "all targets up", 90)


def test_a_second_up_leaves_all_of_it_alone_and_a_changed_setting_restarts_only_the_daemon(copy: Copy):
    before = {i.name: i.identity for i in copy.instances()}

    copy.up()
    assert {i.name: i.identity for i in copy.instances()} == before

    copy.environment["XIONG_WATCH__CYCLE_SECONDS"] = "0.4"
    copy.up()
    after = {i.name: i.identity for i in copy.instances()}
    assert {name for name in after if after[name] != before[name]} == {"watch"}


def test_the_targets_follow_the_replicas(copy: Copy):
    file = copy.state / "monitoring" / "targets" / "xiongichat-api.json"

    def names() -> set[str]:
        return {entry["labels"]["instance"] for entry in json.loads(file.read_bytes())}

    assert len(names()) == 2
    copy.xiong("scale", "3")
    until(lambda: len(names()) == 3, "a third target", 10)
    copy.xiong("scale", "2")
    until(lambda: len(names()) == 2, "two targets", 10)

    def shown() -> bool:
        metrics = httpx.get(f"{url(copy, 'watch')}/metrics", timeout=10, trust_env=False).text
        scaled = 'xiong_deploys_total{outcome="committed",verb="scale"} 2.0'
        return scaled in metrics and "xiong_replicas_wanted 2.0" in metrics

    until(shown, "both rolls counted", 10)


def test_a_killed_daemon_comes_back_with_what_it_was_started_with(copy: Copy):
    pid = copy.pid("watch")
    os.kill(pid, signal.SIGKILL)

    def serves() -> bool:
        again = copy.pid("watch")
        try:
            answer = httpx.get(f"{url(copy, 'watch')}/healthz", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return again not in {pid, 0} and answer.status_code == 200

    until(serves, "the daemon serves again", 20)
    assert str(copy.state) in Path(f"/proc/{copy.pid('watch')}/cmdline").read_text()


def test_no_secret_is_in_what_the_daemon_was_started_with(copy: Copy):
    pid = copy.pid("watch")
    seen = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    secrets = [file.read_bytes().strip() for file in (copy.state / "secrets").iterdir() if file.is_file()]

    assert [s for s in secrets if 0 < len(s) < 200 and s in seen] == []
    assert (copy.state / "secrets" / "settings.toml").stat().st_mode & 0o077 == 0


def test_what_is_switched_off_or_not_there_is_stopped_and_said(copy: Copy):
    environment = copy.environment
    copy.environment = {**environment, "PATH": str(Path(sys.executable).parent)}
    try:
        without = copy.xiong("up", "--detach")
        assert "Prometheus and Alertmanager are not on PATH" in without.err
        assert "apt-get install prometheus prometheus-alertmanager" in without.err
        assert {i.name for i in copy.instances()} & WATCHING == {"watch"}

        copy.environment |= {"XIONG_WATCH__ENABLED": "false", "XIONG_MONITORING__ENABLED": "false"}
        quiet = copy.xiong("up", "--detach")
        assert "not on PATH" not in quiet.err
        assert {i.name for i in copy.instances()} & WATCHING == set()
    finally:
        copy.environment = environment
        copy.up()
    assert {i.name for i in copy.instances()} >= WATCHING


def test_a_dry_run_names_what_would_watch(copy: Copy):
    planned = {command["name"]: command["argv"] for command in copy.xiong("up", "--dry-run").json["commands"]}

    assert set(planned) >= WATCHING
    assert "--storage.tsdb.retention.size=512MB" in planned["prometheus"]
