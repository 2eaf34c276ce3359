"""What is made for a copy, before a real API server: it takes each, and lets `watch` do what it must."""

from __future__ import annotations

import pytest

from xiong.config.kubernetes import KubernetesSettings
from xiong.model.task import DatabaseRole, Task
from xiong.platforms.kubernetes import manifests, objects, records
from xiong.platforms.kubernetes.objects import Running

pytestmark = pytest.mark.kubernetes

IMAGE = "registry.example.org/xiong/service@sha256:" + "1" * 64
RUNNING = Running("1.2.0-0123456789ab", IMAGE, "digest")
TASKS = (
    Task("migrate", "api.migrate", ("upgrade",), DatabaseRole.OWNER),
    Task("reapply", "api.person", ("reapply", "@files/a.json"), files={"a.json": b"{}"}),
)
ACCOUNTS = {"ServiceAccount", "Role", "RoleBinding"}


def found_for(cluster, overlay="staging"):
    said = {"host": "chat.example.net", "database_user": 70, "namespace": cluster.namespace}
    found = manifests.load(KubernetesSettings(overlay=overlay, **said))
    return manifests.configured(found, {"RATE_LIMIT": "7/minute", "paging.yaml": "people: []\n"})


def as_pod(workload, name):
    """Its pod by itself: a controller's is judged by the namespace's rules only once it is made."""
    spec = workload["spec"]["template"]["spec"]
    claimed = [one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", ())]
    volumes = [{"name": claim, "emptyDir": {}} for claim in claimed]
    metadata = {"name": name, "namespace": workload["metadata"]["namespace"]}
    spec = {**spec, "volumes": [*spec["volumes"], *volumes]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


async def accounts(cluster):
    """The accounts for real; everything else asks for them."""
    for one in manifests.services(found_for(cluster)):
        if one["kind"] in ACCOUNTS:
            await cluster.apply(one)


async def may(cluster, verb, resource, name="", group=""):
    """Whether the account of `watch` may."""
    account = f"system:serviceaccount:{cluster.namespace}:xiongichat-watch"
    kind, _, part = resource.partition("/")
    asked = {"namespace": cluster.namespace, "verb": verb, "resource": kind, "subresource": part}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "LocalSubjectAccessReview",
        "metadata": {"name": "", "namespace": cluster.namespace},
        "spec": {"user": account, "resourceAttributes": {**asked, "name": name, "group": group}},
    }
    return bool((await cluster.create(review))["status"].get("allowed"))


@pytest.mark.parametrize("overlay", ["staging", "production"])
async def test_it_takes_all_that_is_brought_up(cluster, overlay):
    await accounts(cluster)
    found = found_for(cluster, overlay)
    deployments = [
        objects.released(manifests.deployment(found, name), RUNNING) for name in ("pager", "api", "watch")
    ]
    jobs = [objects.task_job(found, task, RUNNING, "abc123") for task in TASKS]
    wanted = [*manifests.services(found), *deployments, objects.trial_pod(deployments[1], "abc123")]
    wanted += [one for pair in jobs for one in pair if one]
    for one in wanted:
        taken = await cluster.apply(one, dry_run=True)
        assert taken["metadata"]["name"] == one["metadata"]["name"]

    assert len(wanted) > 25


@pytest.mark.parametrize("overlay", ["staging", "production"])
async def test_no_pod_of_ours_is_refused_by_the_rules_of_the_namespace(cluster, overlay):
    await accounts(cluster)
    found = found_for(cluster, overlay)
    workloads = [one for one in found if one["kind"] in {"Deployment", "StatefulSet"}]
    workloads += [objects.task_job(found, task, RUNNING, "abc123")[0] for task in TASKS]
    for number, one in enumerate(workloads):
        await cluster.apply(as_pod(one, f"pod-{number}"), dry_run=True)

    assert len(workloads) >= 5


async def test_watch_may_what_it_does(cluster):
    await accounts(cluster)
    for verb in ("get", "update", "patch"):
        for lease in ("xiongichat", "xiongichat-watch"):
            assert await may(cluster, verb, "leases", lease, "coordination.k8s.io")
    for kind in records.KINDS:
        for verb in ("get", "patch"):
            assert await may(cluster, verb, "configmaps", records.map_name(kind))
    assert await may(cluster, "get", "secrets", "xiongichat-watch")
    assert await may(cluster, "delete", "pods", "xiongichat-api-7d9f8c-x2x4z")
    assert await may(cluster, "patch", "deployments", "xiongichat-api", "apps")


async def test_watch_may_not_come_at_what_is_not_its_own(cluster):
    await accounts(cluster)
    for name in ("xiongichat-copy", "xiongichat-owner", "xiongichat-secrets", "xiongichat-database"):
        assert not await may(cluster, "get", "secrets", name)
    for verb in ("list", "watch", "create"):
        assert not await may(cluster, verb, "secrets")
    for verb in ("update", "patch", "delete"):
        assert not await may(cluster, verb, "secrets", "xiongichat-watch")
    for what in ("pods", "pods/exec", "pods/portforward", "jobs", "configmaps"):
        assert not await may(cluster, "create", what, group="batch" if what == "jobs" else "")
    assert not await may(cluster, "patch", "configmaps", "xiongichat-config")
    assert not await may(cluster, "patch", "roles", "xiongichat-watch", "rbac.authorization.k8s.io")


async def test_a_task_s_secret_reaches_its_pod_as_it_was(cluster):
    _, files = objects.task_job(found_for(cluster), TASKS[1], RUNNING, "abc123")
    await cluster.create(files)

    assert (await cluster.get("Secret", files["metadata"]["name"]))["data"] == files["data"]
