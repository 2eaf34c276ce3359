"""What the manifests promise to the service and to whoever deploys: names, numbers, who may reach whom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from deployment.kubernetes.traps import containers, of_kind, pods
from xiong.platforms.kubernetes import lease, records

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deployment" / "kubernetes"
SETTINGS = (ROOT / "src" / "api" / "settings.py").read_text()
FILES = sorted(path for path in FOLDER.rglob("*.yaml"))
WHOLE = "base+data+ingress+prometheus+custom-metrics"


def test_the_service_knows_every_variable_that_it_is_given(build):
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', SETTINGS))
    given = {
        variable["name"] if variable["name"] == "PAGING_FILE" else variable["name"].removesuffix("_FILE")
        for name, _, pod in pods(build("base"))
        if name in {"xiongichat-api", "xiongichat-pager"}
        for variable in pod["containers"][0]["env"]
    }

    assert given - known == set()


def test_every_setting_of_the_file_reaches_the_service(build):
    lines = (FOLDER / "base" / "config.env").read_text().splitlines()
    written = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    read = {
        variable["valueFrom"]["configMapKeyRef"]["key"]
        for name, _, pod in pods(build("base"))
        if name == "xiongichat-api"
        for variable in pod["containers"][0]["env"]
        if "configMapKeyRef" in variable.get("valueFrom", {})
    }

    assert written - read == set()


def test_the_autoscaler_keeps_its_figures(build):
    spec = of_kind(build(WHOLE), "HorizontalPodAutoscaler")[0]["spec"]
    cpu, in_flight = spec["metrics"]
    down, up = spec["behavior"]["scaleDown"], spec["behavior"]["scaleUp"]

    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 10)
    assert cpu["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    assert in_flight["pods"]["metric"]["name"] == "http_requests_in_flight"
    assert down["stabilizationWindowSeconds"] == 300
    assert down["policies"] == [{"type": "Percent", "value": 50, "periodSeconds": 60}]
    assert up["selectPolicy"] == "Max"
    assert up["policies"] == [
        {"type": "Percent", "value": 100, "periodSeconds": 30},
        {"type": "Pods", "value": 2, "periodSeconds": 60},
    ]


def test_an_overlay_of_somebody_elses_puts_its_images_in_place(build):
    images = {
        container["image"].partition("@")[0]
        for name, _, pod in pods(build("base"))
        for container in containers(pod)
    }

    assert images == {"xiongichat/service", "xiongichat/operations"}


def test_no_secret_is_committed():
    kinds = [
        document.get("kind")
        for file in FILES
        for document in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader)
        if isinstance(document, dict)
    ]

    assert len(kinds) > 40
    assert "Secret" not in kinds
    assert "secretGenerator" not in "".join(file.read_text() for file in FILES)


def test_only_watch_and_what_reads_the_cluster_get_a_token(build):
    tokens = {name for name, _, pod in pods(build(WHOLE)) if pod["automountServiceAccountToken"]}

    assert tokens == {"xiongichat-watch", "xiongichat-prometheus", "xiongichat-metrics-adapter"}


def _role_of_watch(documents):
    return next(one for one in of_kind(documents, "Role") if one["metadata"]["name"] == "xiongichat-watch")


def test_watch_may_read_one_secret_run_nothing_in_a_pod_and_change_named_objects_only(build):
    role = _role_of_watch(build(WHOLE))
    changed = {
        (resource, verb)
        for one in role["rules"]
        if "resourceNames" not in one
        for resource in one["resources"]
        for verb in one["verbs"]
        if verb not in {"get", "list", "watch"}
    }
    everything = {resource for one in role["rules"] for resource in one["resources"]}
    secret = [(one["resourceNames"], one["verbs"]) for one in role["rules"] if "secrets" in one["resources"]]

    assert not everything & {"pods/exec", "pods/attach", "pods/ephemeralcontainers", "pods/portforward", "*"}
    # the copy's own and the schema owner's are not among them, and a list would give all of them
    assert secret == [(["xiongichat-watch"], ["get"])]
    # what has no name yet, and pods, whose names nobody foresees
    assert changed == {("pods", "delete"), ("leases", "create"), ("events", "create"), ("events", "patch")}


def test_watch_may_write_each_kind_of_record_that_there_is_and_make_none(build):
    rules = [one for one in _role_of_watch(build("base"))["rules"] if "configmaps" in one["resources"]]

    assert [one["verbs"] for one in rules] == [["get", "patch"]]
    assert rules[0]["resourceNames"] == [records.map_name(kind) for kind in records.KINDS]


def test_watch_may_take_the_two_leases_that_there_are(build):
    rules = [one for one in _role_of_watch(build("base"))["rules"] if one["resources"] == ["leases"]]
    named = next(one for one in rules if "resourceNames" in one)

    assert named["resourceNames"] == [lease.NAME, "xiongichat-watch"]
    assert {"get", "update"} <= set(named["verbs"])


def test_the_stores_answer_the_service_alone_and_ask_nobody(build):
    policies = of_kind(build(WHOLE), "NetworkPolicy")
    for store in ("postgres", "valkey"):
        label = {"app.kubernetes.io/component": store}
        about = [one["spec"] for one in policies if one["spec"]["podSelector"].get("matchLabels") == label]
        assert [one["policyTypes"] for one in about] == [["Ingress"]]
        peers = about[0]["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]["values"]
        assert set(peers) <= {"api", "pager", "migrate", "watch", "backup"}


@pytest.mark.parametrize("combination", [WHOLE, "production+monitoring", "base+cloudnative-pg"])
def test_no_policy_has_an_exception_in_ipv6(combination, build):
    """A plugin for IPv4 alone gives up on it and enforces nothing at all."""
    text = yaml.safe_dump(of_kind(build(combination), "NetworkPolicy"))

    assert "0.0.0.0/0" in text
    assert "::" not in text


def test_nothing_outside_reaches_the_figures(build):
    paths = [
        path["path"]
        for ingress in of_kind(build(WHOLE), "Ingress")
        for each in ingress["spec"]["rules"]
        for path in each["http"]["paths"]
    ]

    assert paths == ["/api/v1", "/p"]
