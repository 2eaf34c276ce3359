"""What watches a local copy: which processes, with which files, and where Prometheus finds the others."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from xiong.config.settings import Settings
from xiong.platforms import shipped
from xiong.platforms.collectors import Collectors
from xiong.platforms.local import monitoring
from xiong.platforms.local.supervision.spec import ChildState, ChildStatus, ProcessSpec
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports

PORTS = Ports(8080, 5432, 6379, (9001, 9002, 9003), (9101, 9102), 9201, 9202, 9203)
BOTH = Collectors(Path("/bin/prometheus"), Path("/bin/alertmanager"))


@pytest.fixture
def layout(tmp_path) -> Layout:
    made = Layout(tmp_path, tmp_path)
    made.make()
    return made


def planned(layout: Layout, collectors: Collectors = BOTH, **sections) -> dict[str, ProcessSpec]:
    settings = Settings.model_validate({"state": layout.root, "console": {"enabled": False}, **sections})
    return {s.name: s for s in monitoring.planned(settings, layout, PORTS, collectors, write=True)}


def child(name: str, service: str, port: int, state: ChildState = ChildState.READY) -> ChildStatus:
    return ChildStatus(name, service, state, 1, 1.0, 0, None, {}, 0.0, "", f"http://127.0.0.1:{port}")


def targets(layout: Layout, job: str) -> dict[str, str]:
    """{instance: address}."""
    found = json.loads((layout.monitoring / "targets" / f"{job}.json").read_bytes())
    return {entry["labels"]["instance"]: entry["targets"][0] for entry in found}


def test_the_daemon_comes_last_and_each_part_can_be_switched_off(layout):
    assert list(planned(layout)) == ["alertmanager", "prometheus", "watch"]
    assert list(planned(layout, monitoring={"enabled": False})) == ["watch"]
    assert list(planned(layout, watch={"enabled": False})) == ["alertmanager", "prometheus"]
    assert list(planned(layout, Collectors(None, None))) == ["watch"]


def test_all_of_it_listens_on_this_machine_alone_and_its_history_is_bounded(layout):
    specs = planned(layout)

    assert "--web.listen-address=127.0.0.1:9202" in specs["prometheus"].argv
    assert "--web.listen-address=127.0.0.1:9203" in specs["alertmanager"].argv
    assert "--cluster.listen-address=" in specs["alertmanager"].argv
    assert "--storage.tsdb.retention.time=15d" in specs["prometheus"].argv
    assert "--storage.tsdb.retention.size=512MB" in specs["prometheus"].argv
    assert specs["watch"].labels["url"] == "http://127.0.0.1:9201"


def test_a_plan_writes_nothing(tmp_path):
    layout = Layout(tmp_path / "state", tmp_path / "state")

    monitoring.planned(Settings(), layout, PORTS, BOTH, write=False)

    assert not layout.root.exists()


def test_the_routes_are_the_shipped_ones_and_every_receiver_is_the_daemon(layout):
    planned(layout)
    shipped_file = shipped.load(shipped.folder() / "alertmanager" / "alertmanager.yml")
    text = (layout.monitoring / "alertmanager.yml").read_text()
    local = yaml.safe_load(text)

    for part in ("route", "inhibit_rules", "time_intervals"):
        assert local[part] == shipped_file[part]
    assert "/run/secrets" not in text
    assert [r["name"] for r in local["receivers"]] == [r["name"] for r in shipped_file["receivers"]]
    hooks = {r["name"]: r["webhook_configs"][0] for r in local["receivers"]}
    assert hooks["crisis"] == {"url": "http://127.0.0.1:9201/alerts/crisis", "send_resolved": True}
    assert hooks["heartbeat"]["send_resolved"] is False


def test_an_alertmanager_file_of_ones_own_is_used_where_it_lies(layout, tmp_path):
    own = tmp_path / "own.yml"
    own.write_text("route: {receiver: me}")
    section = {"monitoring": {"alertmanager_file": own}}
    first = planned(layout, **section)["alertmanager"]

    assert f"--config.file={own}" in first.argv
    own.write_text("route: {receiver: you}")
    assert not first.same_process(planned(layout, **section)["alertmanager"])


def test_the_rules_are_the_shipped_ones_and_an_old_one_goes(layout):
    (layout.monitoring / "rules").mkdir()
    (layout.monitoring / "rules" / "old.yml").write_text("groups: []")

    planned(layout)

    found = {file.name: file.read_bytes() for file in (layout.monitoring / "rules").iterdir()}
    assert found == {file.name: file.read_bytes() for file in shipped.rule_files()}


def test_alerts_link_to_where_the_runbooks_are_read_and_to_nowhere_until_somebody_says(layout):
    def label() -> str:
        told = yaml.safe_load((layout.monitoring / "prometheus.yml").read_text())
        return told["global"]["external_labels"]["runbooks"]

    before = planned(layout)["prometheus"]
    assert label() == ""
    after = planned(layout, monitoring={"runbooks_url": "https://git.example/docs/runbooks/"})["prometheus"]
    assert label() == "https://git.example/docs/runbooks"
    assert not before.same_process(after)


def test_all_but_the_link_is_the_shipped_configuration(layout):
    planned(layout, monitoring={"runbooks_url": "https://git.example/docs/runbooks"})
    told = yaml.safe_load((layout.monitoring / "prometheus.yml").read_text())
    told["global"]["external_labels"]["runbooks"] = ""

    assert told == shipped.load(shipped.folder() / "prometheus" / "prometheus.local.yml")


def test_what_did_not_change_is_the_same_process_and_a_changed_setting_is_another(layout):
    before, again = planned(layout), planned(layout)
    changed = planned(layout, service={"replicas": 3})

    assert all(before[name].same_process(again[name]) for name in before)
    assert [name for name in before if not before[name].same_process(changed[name])] == ["watch"]
    assert "replicas = 3" in layout.effective_settings.read_text()


def test_prometheus_finds_each_process_by_its_name(layout):
    children = [
        child("api-0", "api", 9001),
        child("api-1", "api", 9002, ChildState.FAILED),
        child("api-2", "api", 9003, ChildState.STOPPED),
        child("pager-1", "pager", 9102),
        child("proxy", "proxy", 8080),
    ]

    monitoring.announce(layout, PORTS, children)

    assert targets(layout, "xiongichat-api") == {"api-0": "127.0.0.1:9001", "api-1": "127.0.0.1:9002"}
    assert targets(layout, "xiongichat-pager") == {"pager-1": "127.0.0.1:9102"}
    assert targets(layout, "xiong-watch") == {"xiong-watch": "127.0.0.1:9201"}
    assert targets(layout, "prometheus") == {"prometheus": "127.0.0.1:9202"}
    assert targets(layout, "alertmanager") == {"alertmanager": "127.0.0.1:9203"}


def test_every_file_that_prometheus_is_told_to_read_is_written(layout):
    planned(layout)
    monitoring.announce(layout, PORTS, [])
    told = yaml.safe_load((layout.monitoring / "prometheus.yml").read_text())
    sections = [*told["scrape_configs"], *told["alerting"]["alertmanagers"]]
    files = [
        f for section in sections for discovery in section["file_sd_configs"] for f in discovery["files"]
    ]

    assert files
    assert all((layout.monitoring / file).is_file() for file in files)


def test_targets_that_did_not_change_are_not_written_again(layout):
    children = [child("api-0", "api", 9001)]
    monitoring.announce(layout, PORTS, children)
    file = layout.monitoring / "targets" / "xiongichat-api.json"
    before = file.stat().st_ino

    monitoring.announce(layout, PORTS, children)
    assert file.stat().st_ino == before
    monitoring.announce(layout, PORTS, [*children, replace(children[0], name="api-1")])
    assert file.stat().st_ino != before


@pytest.mark.parametrize(
    ("collectors", "words"),
    [
        (BOTH, None),
        (Collectors(None, None), "Prometheus and Alertmanager are not on PATH"),
        (Collectors(Path("/p"), None), "Alertmanager is not on PATH"),
    ],
)
def test_what_is_missing_is_said_in_words(collectors, words):
    assert collectors.missing() == words
