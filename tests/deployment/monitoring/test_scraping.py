"""The scrape configurations: read by promtool, and what they make of pods, containers and ports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring_files import PLATFORMS, PROMETHEUS, PROMTOOLS, ROOT, load, run
from xiong.config.settings import MonitoringSettings

API, PAGER, WATCH = "xiongichat-api", "xiongichat-pager", "xiong-watch"
Labels = dict[str, str]


def config(platform: str) -> Any:
    return load(PROMETHEUS / f"prometheus.{platform}.yml")


def job(platform: str, name: str) -> Any:
    return next(j for j in config(platform)["scrape_configs"] if j["job_name"] == name)


def relabelled(rules: list[dict[str, Any]], labels: Labels) -> Labels | None:
    """What Prometheus makes of a target's labels by these rules; None where it drops the target."""
    found = dict(labels)
    for rule in rules:
        value = ";".join(found.get(name, "") for name in rule.get("source_labels", []))
        matched = re.fullmatch(rule.get("regex", "(.*)"), value)
        action = rule.get("action", "replace")
        if action == "labeldrop":
            found = {k: v for k, v in found.items() if not re.fullmatch(rule["regex"], k)}
        elif action == "replace":
            if matched:
                template = rule.get("replacement", "$1").replace("$1", r"\1")
                found[rule["target_label"]] = matched.expand(template)
        elif action == "keepequal":
            if value != found.get(rule["target_label"], ""):
                return None
        elif (action == "keep") != bool(matched):
            return None
    return found


def pod(app: str, **changes: str) -> Labels:
    """The labels that the discovery gives a running pod's container."""
    prefix = "__meta_kubernetes_pod"
    return {
        "__address__": "10.1.2.3:8000",
        "__metrics_path__": "/metrics",
        "__meta_kubernetes_namespace": "xiongichat",
        f"{prefix}_name": f"{app}-6c9-a",
        f"{prefix}_phase": "Running",
        f"{prefix}_container_init": "false",
        f"{prefix}_container_port_number": "8000",
        f"{prefix}_label_app": app,
        f"{prefix}_label_version": "1",
        f"{prefix}_label_pod_template_hash": "6c9",
        f"{prefix}_annotation_prometheus_io_scrape": "true",
        f"{prefix}_annotation_prometheus_io_port": "8000",
        f"{prefix}_annotation_prometheus_io_path": "/metrics",
    } | {f"{prefix}_{name}": value for name, value in changes.items()}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("promtool", PROMTOOLS)
def test_promtool_reads_every_configuration(promtool: str, platform: str, tmp_path: Path) -> None:
    """Debian's build has no discovery in a cluster: there the rest is read, with files in its place."""
    file = PROMETHEUS / f"prometheus.{platform}.yml"
    done = run(promtool, "check", "config", "--syntax-only", file)
    if "field kubernetes_sd_configs not found" in done.stdout:
        text = yaml.safe_dump(_with_files(config(platform)))
        file = tmp_path / "prometheus.yml"
        file.write_text(text, encoding="utf-8")
        (tmp_path / "rules").symlink_to(PROMETHEUS / "rules")
        done = run(promtool, "check", "config", "--syntax-only", file)
    assert done.returncode == 0, done.stdout


def _with_files(part: Any) -> Any:
    """A configuration with files in place of what asks a cluster."""
    if isinstance(part, list):
        return [_with_files(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        ("file_sd_configs" if key == "kubernetes_sd_configs" else key): (
            [{"files": ["targets.json"]}] if key == "kubernetes_sd_configs" else _with_files(value)
        )
        for key, value in part.items()
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_scrapes_often_enough_and_knows_its_rules(platform: str) -> None:
    found = config(platform)
    assert found["rule_files"] == ["rules/*.yml"]
    assert found["global"]["scrape_interval"] == found["global"]["evaluation_interval"] == "15s"
    assert found["alerting"]["alertmanagers"]
    assert {API, PAGER, WATCH, "prometheus", "alertmanager"} <= {
        j["job_name"] for j in found["scrape_configs"]
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_alerts_carry_the_address_of_the_runbooks_only_inside_the_link(platform: str) -> None:
    found = config(platform)
    assert found["global"]["external_labels"]["runbooks"] == MonitoringSettings().runbooks_url
    assert relabelled(found["alerting"]["alert_relabel_configs"], {"runbooks": "x", "team": "y"}) == {
        "team": "y"
    }


@pytest.mark.parametrize("app", [API, PAGER, WATCH])
def test_a_running_pod_is_scraped_by_the_job_of_its_name_alone(app: str) -> None:
    scraped = [
        name
        for name in (API, PAGER, WATCH)
        if relabelled(job("kubernetes", name)["relabel_configs"], pod(app)) is not None
    ]
    assert scraped == [app]


@pytest.mark.parametrize(
    "changes",
    [
        {"container_init": "true"},
        {"phase": "Pending"},
        {"phase": "Succeeded"},
        {"phase": "Failed"},
        {"container_port_number": "9000"},
        {"container_port_number": ""},
        {"annotation_prometheus_io_scrape": "false"},
    ],
)
def test_b6_a_container_that_serves_no_metrics_is_no_target(changes: Labels) -> None:
    assert relabelled(job("kubernetes", API)["relabel_configs"], pod(API, **changes)) is None


def test_b7_a_release_does_not_renew_the_series_and_the_pod_is_named() -> None:
    found = relabelled(job("kubernetes", API)["relabel_configs"], pod(API))
    assert found is not None
    assert {k: v for k, v in found.items() if not k.startswith("__")} == {
        "namespace": "xiongichat",
        "pod": "xiongichat-api-6c9-a",
    }
    assert (
        "labelmap"
        not in (PROMETHEUS / "prometheus.kubernetes.yml").read_text(encoding="utf-8").split("global:")[1]
    )


def test_compose_names_a_container_as_the_cluster_does() -> None:
    series = {
        "__name__": "container_memory_working_set_bytes",
        "name": "xiongichat-api-1",
        "id": "/docker/0f",
        "image": "xiongichat:1",
        "container_label_com_docker_compose_service": "api",
        "container_label_com_docker_compose_project": "xiongichat",
    }
    rules = job("compose", "cadvisor")["metric_relabel_configs"]
    assert relabelled(rules, series) == {
        "__name__": "container_memory_working_set_bytes",
        "namespace": "xiongichat",
        "pod": "xiongichat-api-1",
        "container": "api",
    }
    assert relabelled(rules, series | {"container_label_com_docker_compose_service": ""}) is None


def test_b8_replicas_are_scraped_directly_and_the_proxy_hides_their_metrics() -> None:
    for platform in PLATFORMS:
        for name in (API, PAGER, WATCH):
            found = job(platform, name)
            assert "static_configs" not in found, "a fixed address is a proxy's or one replica's"
    proxy = (ROOT / "src" / "xiong" / "platforms" / "onehost" / "proxy.py").read_text(encoding="utf-8")
    assert "/metrics" in proxy
