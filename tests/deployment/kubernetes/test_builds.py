"""Every combination builds, is as each version of Kubernetes says, and is taken by a real API server."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import uuid
from collections import Counter
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from deployment.kubernetes import __main__ as taken_over

FOLDER = Path(__file__).parents[3] / "deployment" / "kubernetes"
COMPONENTS = sorted(path.parent.name for path in FOLDER.glob("components/*/kustomization.yaml"))
OVERLAYS = sorted(path.parent.name for path in FOLDER.glob("overlays/*/kustomization.yaml"))
# both bring a policy of that name for the database, and one database is enough
EXCLUDED = {("cloudnative-pg", "data")}
HELD = {
    "staging": {"data", "ingress"},
    "production": {"ingress", "spool-shared"},
}
PAIRS = [pair for pair in itertools.combinations(COMPONENTS, 2) if pair not in EXCLUDED]
COMBINATIONS = [
    "base",
    *OVERLAYS,
    *(f"base+{one}" for one in COMPONENTS),
    *("base+" + "+".join(pair) for pair in PAIRS),
    *(
        f"{overlay}+{one}"
        for overlay in OVERLAYS
        for one in COMPONENTS
        if one not in HELD[overlay] and not (overlay == "staging" and one == "cloudnative-pg")
    ),
    "base+" + "+".join(one for one in COMPONENTS if one != "cloudnative-pg"),
]
# Kinds that operators bring; Kubernetes itself knows no shape of theirs.
OPERATORS = {"monitoring.coreos.com", "postgresql.cnpg.io", "external-secrets.io"}
SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"


def versions() -> list[str]:
    """From the oldest that is promised to the newest that the package knows."""
    minors = {int(folder.name.split(".")[1]) for folder in SCHEMAS.glob("v1.*")}
    return [f"1.{minor}" for minor in sorted(minors) if minor >= 30]


def of_kubernetes(document: dict) -> bool:
    return document["apiVersion"].split("/")[0] not in OPERATORS


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_each_combination_builds_and_names_nothing_twice(combination, build):
    names = Counter(
        (one["apiVersion"], one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])
        for one in build(combination)
    )

    assert {name: count for name, count in names.items() if count > 1} == {}
    assert len(names) >= 18


def test_there_is_more_than_one_version_to_ask():
    assert versions()[0] == "1.30"
    assert len(versions()) >= 5


@pytest.mark.parametrize("version", versions())
def test_each_version_knows_every_field(version, build, job):
    everything = "base+" + "+".join(one for one in COMPONENTS if one != "cloudnative-pg")
    documents = [*build(everything), *build("staging"), *build("production"), job]
    asked = [one for one in documents if of_kubernetes(one)]
    for document in asked:
        kubernetes_validate.validate(document, version, strict=True)
    assert len(asked) > 60


def test_a_misspelt_field_is_refused(job):
    job["spec"]["template"]["spec"]["serviceAcountName"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.30", strict=True)


def test_what_is_taken_over_from_the_monitoring_is_as_it_is_there():
    assert taken_over.stale() == []


def test_an_overlay_is_wholly_in_its_own_namespace(build):
    elsewhere = {"kube-system"}
    for overlay, namespace in (
        ("staging+custom-metrics+prometheus", "xiongichat-staging"),
        ("production", "xiongichat"),
    ):
        for one in build(overlay):
            places = {one["metadata"].get("namespace", namespace)}
            places |= {subject["namespace"] for subject in one.get("subjects", [])} - elsewhere
            if one["kind"] == "Namespace":
                places = {one["metadata"]["name"]}
            if one["kind"] == "APIService":
                places = {one["spec"]["service"]["namespace"]}
            assert places == {namespace}, one["metadata"]["name"]


def _kubectl(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["kubectl", "--request-timeout=20s", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _clusters() -> list[str]:
    """Whether the kubeconfig names a cluster that answers; none: what asks for it is counted as not run."""
    if shutil.which("kubectl") is None or _kubectl("version").returncode != 0:
        return []
    return ["cluster"]


@pytest.fixture(scope="module", params=_clusters())
def cluster():
    """A namespace of its own on whatever cluster the kubeconfig names."""
    name = f"xiong-dry-{uuid.uuid4().hex[:8]}"
    made = _kubectl("create", "namespace", name)
    assert made.returncode == 0, made.stderr
    enforced = _kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    assert enforced.returncode == 0, enforced.stderr
    # the controller makes it, after the namespace
    ready = _kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={name}", "--timeout=30s")
    assert ready.returncode == 0, ready.stderr
    yield name
    _kubectl("delete", "namespace", name, "--wait=false")


@pytest.mark.kubernetes
@pytest.mark.parametrize("combination", ["base", *OVERLAYS, *(f"base+{one}" for one in COMPONENTS)])
def test_a_real_api_server_takes_each_object_without_a_warning(combination, cluster, build, job):
    documents = [
        one for one in [*build(combination), job] if of_kubernetes(one) and one["kind"] != "Namespace"
    ]
    for one in documents:
        if "namespace" in one["metadata"] or one is job:
            one["metadata"]["namespace"] = cluster
    done = _kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts", "-f", "-",
        text=yaml.safe_dump_all(documents),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert len(done.stdout.splitlines()) == len(documents)


@pytest.mark.kubernetes
def test_the_namespace_refuses_a_pod_that_is_not_hardened(cluster, job):
    spec = job["spec"]["template"]["spec"] | {"serviceAccountName": "default"}
    del spec["securityContext"]["seccompProfile"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "soft", "namespace": cluster},
        "spec": spec,
    }
    done = _kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", text=yaml.safe_dump(pod))

    assert done.returncode != 0
    assert "seccompProfile" in done.stderr
