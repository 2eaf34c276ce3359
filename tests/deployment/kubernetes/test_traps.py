"""Each trap on a fragment with the fault, and on every object of ours; deployment.kubernetes.traps finds it.

What only behaviour shows is tested where it behaves: an image on a schema of another version (K4), the lock
of the migrations (K5) and the closing of connections (K7) with the service. That no schema finds any of this
(K16) is the last test here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import kubernetes_validate
import pytest

from deployment.kubernetes.traps import RULES, Document, pods


def found(documents: list[Document], trap: str) -> list[str]:
    return list(RULES[trap](documents))


def _pod(documents: list[Document]) -> Document:
    return next(pod for name, _, pod in pods(documents) if name == "xiongichat-api")


def _api(documents: list[Document]) -> Document:
    return next(
        one
        for one in documents
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "xiongichat-api"
    )


def _without(documents: list[Document], kind: str) -> None:
    documents[:] = [one for one in documents if one["kind"] != kind]


def _first(documents: list[Document], kind: str) -> Document:
    return next(one for one in documents if one["kind"] == kind)


# How each fault comes into whole manifests, as people bring it in.
FAULTS: dict[str, list[Callable[[list[Document]], object]]] = {
    "K1": [
        lambda d: _pod(d)["containers"][0].update(image="xiongichat:latest"),
        lambda d: _pod(d)["containers"][0].update(image="registry.example.org:5000/xiongichat"),
    ],
    "K2": [
        lambda d: _pod(d).update(initContainers=[{"name": "old", "image": "xiongichat@sha256:" + "1" * 64}]),
        lambda d: _pod(d)["containers"][0].update(image="xiongichat@sha256:" + "1" * 64),
    ],
    "K3": [
        lambda d: _pod(d).update(initContainers=[{"image": "x", "command": ["alembic", "upgrade", "head"]}]),
        lambda d: _pod(d)["containers"][0].update(
            command=["sh", "-c", "python -m api.migrate upgrade; exec server"]
        ),
    ],
    "K6": [
        lambda d: _pod(d)["containers"][0].pop("lifecycle"),
        lambda d: _pod(d).update(terminationGracePeriodSeconds=30),
        lambda d: _pod(d)["containers"][0].update(lifecycle={"preStop": {"sleep": {"seconds": 5}}}),
    ],
    "K8": [
        lambda d: _without(d, "PodDisruptionBudget"),
        lambda d: _first(d, "PodDisruptionBudget")["spec"].pop("unhealthyPodEvictionPolicy"),
        lambda d: _first(d, "PodDisruptionBudget")["spec"].update(maxUnavailable=0),
    ],
    "K9": [lambda d: _api(d)["spec"].update(replicas=3)],
    "K10": [
        lambda d: _without(d, "APIService"),
        lambda d: _first(d, "HorizontalPodAutoscaler")["spec"]["metrics"].append(
            {"type": "Pods", "pods": {"metric": {"name": "http_requests_per_second"}}}
        ),
    ],
    "K11": [
        lambda d: _first(d, "HorizontalPodAutoscaler")["spec"]["metrics"].append(
            {"type": "Resource", "resource": {"name": "memory"}}
        )
    ],
    "K12": [
        lambda d: _without(d, "ServiceAccount"),
        lambda d: _without(d, "ConfigMap"),
        lambda d: _without(d, "Service"),
        lambda d: _first(d, "Service")["spec"].update(selector={"app": "xiongichat"}),
    ],
    "K13": [
        lambda d: _pod(d)["containers"][0].pop("startupProbe"),
        lambda d: _pod(d)["containers"][0]["livenessProbe"]["httpGet"].update(path="/api/v1/ready"),
        lambda d: _pod(d)["containers"][0]["livenessProbe"].update(initialDelaySeconds=30),
    ],
    "K14": [
        lambda d: _pod(d)["containers"][0].pop("securityContext"),
        lambda d: _pod(d)["securityContext"].pop("seccompProfile"),
        lambda d: _without(d, "NetworkPolicy"),
        lambda d: _pod(d)["containers"][0].pop("resources"),
    ],
    "K15": [
        lambda d: _pod(d).pop("topologySpreadConstraints"),
        lambda d: _pod(d)["topologySpreadConstraints"][0].update(whenUnsatisfiable="ScheduleAnyway"),
        lambda d: _api(d)["spec"]["template"]["metadata"]["labels"].update(version="v1"),
        lambda d: _pod(d)["containers"][0]["volumeMounts"].append({"name": "logs", "mountPath": "/app/logs"}),
    ],
}
EACH_FAULT = [
    pytest.param(trap, fault, id=f"{trap}-{n}")
    for trap, all_ in FAULTS.items()
    for n, fault in enumerate(all_)
]
OURS = [
    "base",
    "staging",
    "production",
    "base+data+ingress+prometheus+custom-metrics",
    "production+monitoring",
]


@pytest.fixture
def whole(build, job):
    """Everything at once, with the job as a deploy sends it: by the digest of the rest."""

    def load(combination: str) -> list[Document]:
        documents = copy.deepcopy(build(combination))
        migrate = copy.deepcopy(job)
        migrate["spec"]["template"]["spec"]["containers"][0]["image"] = _pod(documents)["containers"][0][
            "image"
        ]
        return [*documents, migrate]

    return load


@pytest.mark.parametrize("trap", RULES)
@pytest.mark.parametrize("combination", OURS)
def test_no_manifest_of_ours_has_the_fault(combination, trap, whole):
    assert found(whole(combination), trap) == []


@pytest.mark.parametrize(("trap", "fault"), EACH_FAULT)
def test_each_rule_finds_its_fault(trap, fault, whole):
    documents = whole("base+custom-metrics+prometheus")
    fault(documents)

    assert found(documents, trap) != []


def test_every_rule_has_faults_that_show_it():
    assert set(FAULTS) == set(RULES)


def test_a_schema_finds_none_of_it(whole):
    """K16: the same faults are well-formed, so a check of shapes is no net."""
    documents = whole("base")
    for trap in ("K1", "K6", "K8", "K9", "K15"):
        FAULTS[trap][0](documents)
    for one in documents:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)

    assert all(found(documents, trap) for trap in ("K1", "K6", "K8", "K9", "K15"))
