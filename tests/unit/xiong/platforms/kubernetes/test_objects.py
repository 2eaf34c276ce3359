"""What is made for one release: as Kubernetes knows it, and nothing of it where it must not be."""

from __future__ import annotations

import base64
import copy
import os
import re
import signal
import subprocess
from itertools import pairwise

import kubernetes_validate
import pytest

from xiong.config.kubernetes import KubernetesSettings
from xiong.model.task import DatabaseRole, Task
from xiong.platforms.kubernetes import manifests, objects
from xiong.platforms.kubernetes.objects import Running

OVERLAYS = ["staging", "production"]
IMAGE = "registry.example.org/xiong/service@sha256:" + "1" * 64
RUNNING = Running("1.2.0-0123456789ab", IMAGE, "digest")
NAME_LABEL, COMPONENT_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/component"
MIGRATE = Task("migrate", "api.migrate", ("upgrade", "--phase=expand"), DatabaseRole.OWNER, 120.4)
REAPPLY = Task(
    "reapply",
    "api.person",
    ("reapply", "@files/list.json"),
    environment={"LIST": "@files/list.json"},
    files={"list.json": b"\xff\x00{}"},
)


def loaded(overlay="staging"):
    return manifests.load(KubernetesSettings(overlay=overlay, namespace="mine"))


def released(component="api", running=RUNNING, overlay="staging"):
    return objects.released(manifests.deployment(loaded(overlay), component), running)


def labels_of(deployment):
    return deployment["spec"]["template"]["metadata"]["labels"]


def pod_of(job):
    return job["spec"]["template"]["spec"]


def mounted(pod):
    """{name of each Secret: where}."""
    places = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    secrets = {one["name"]: one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one}
    return {name: places[volume] for volume, name in secrets.items()}


def environment(pod):
    return {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_made_object_is_as_kubernetes_knows_it(overlay, version):
    found = loaded(overlay)
    made = [released(component, overlay=overlay) for component in ("api", "pager", "watch")]
    made.append(objects.trial_pod(made[0], "abc123"))
    for task in (MIGRATE, REAPPLY):
        made += [one for one in objects.task_job(found, task, RUNNING, "abc123") if one]
    for one in made:
        kubernetes_validate.validate(one, version, strict=True)

    assert [one["kind"] for one in made] == ["Deployment"] * 3 + ["Pod", "Job", "Job", "Secret"]
    assert {one["metadata"].get("namespace", "mine") for one in made} == {"mine"}


def test_a_release_is_its_image_its_label_and_a_setup():
    made = released()

    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE
    assert labels_of(made)["xiong.release"] == RUNNING.release_id
    assert re.fullmatch("[0-9a-f]{16}", objects.setup_of(made))
    assert objects.setup_of(manifests.deployment(loaded(), "api")) == ""


def test_the_label_of_the_release_is_not_what_the_deployment_selects_by():
    selected = released()["spec"]["selector"]["matchLabels"]

    assert "xiong.release" not in selected
    assert selected.items() <= labels_of(released()).items()


def test_the_autoscaler_owns_the_count_of_the_service_and_the_others_keep_theirs():
    with_count = manifests.deployment(loaded(), "api")
    with_count["spec"]["replicas"] = 4

    assert "replicas" not in objects.released(with_count, RUNNING)["spec"]
    assert released("pager", overlay="production")["spec"]["replicas"] == 2
    assert released("watch", overlay="production")["spec"]["replicas"] == 2


def test_the_setup_changes_with_all_that_a_pod_is_made_from_and_with_nothing_else():
    one = objects.setup_of(released())
    others = [
        released(running=Running("1.2.1-0123456789ab", IMAGE, "digest")),
        released(running=Running(RUNNING.release_id, IMAGE[:-1] + "2", "digest")),
        released(running=Running(RUNNING.release_id, IMAGE, "another")),
        objects.released(
            manifests.deployment(manifests.configured(loaded(), {"RATE_LIMIT": "1/minute"}), "api"), RUNNING
        ),
    ]

    assert one == objects.setup_of(released())
    assert len({one, *map(objects.setup_of, others)}) == 5


def test_one_that_is_released_again_is_the_same():
    once = released()

    assert objects.released(once, RUNNING) == once


def test_a_container_beside_the_service_keeps_its_image():
    deployment = manifests.deployment(loaded(), "api")
    pod = deployment["spec"]["template"]["spec"]
    shipped = pod["containers"][0]["image"]
    pod["containers"].append({"name": "database-proxy", "image": "proxy:2"})
    pod["initContainers"] = [{"name": "early", "image": shipped}]
    made = objects.released(deployment, RUNNING)["spec"]["template"]["spec"]

    assert [one["image"] for one in made["containers"]] == [IMAGE, "proxy:2"]
    assert made["initContainers"][0]["image"] == IMAGE


def test_what_was_given_is_not_changed():
    found = loaded()
    before = copy.deepcopy(found)
    made = objects.released(manifests.deployment(found, "api"), RUNNING)
    kept = copy.deepcopy(made)
    objects.trial_pod(made, "a")
    objects.task_job(found, REAPPLY, RUNNING, "a")

    assert (found, made) == (before, kept)


def test_nobody_selects_a_trial_and_the_policies_let_it_to_the_stores():
    found = loaded("production")
    deployment = released(overlay="production")
    trial = objects.trial_pod(deployment, "abc123")
    labels = trial["metadata"]["labels"].items()
    services = [one["spec"]["selector"] for one in found if one["kind"] == "Service"]
    budgets = [
        one["spec"]["selector"]["matchLabels"] for one in found if one["kind"] == "PodDisruptionBudget"
    ]

    assert trial["metadata"]["name"] == "xiongichat-api-trial-abc123"
    for selector in (deployment["spec"]["selector"]["matchLabels"], *services, *budgets):
        assert not selector.items() <= labels
    assert dict(labels)[COMPONENT_LABEL] == "api"
    assert NAME_LABEL not in dict(labels)


def test_a_trial_runs_what_the_deployment_would_and_ends_by_itself():
    deployment = released()
    trial = objects.trial_pod(deployment, "abc123")

    assert trial["spec"]["containers"] == deployment["spec"]["template"]["spec"]["containers"]
    assert trial["metadata"]["labels"]["xiong.release"] == RUNNING.release_id
    assert trial["metadata"]["annotations"] == {"xiong.setup": objects.setup_of(deployment)}
    assert (trial["spec"]["restartPolicy"], trial["spec"]["activeDeadlineSeconds"]) == ("Never", 600)
    assert "topologySpreadConstraints" not in trial["spec"]


def test_a_task_of_the_owner_gets_his_address_and_no_other_task_does():
    owner, _ = objects.task_job(loaded(), MIGRATE, RUNNING, "abc123")
    app, _ = objects.task_job(loaded(), REAPPLY, RUNNING, "abc123")

    assert mounted(pod_of(owner))["xiongichat-owner"] == "/run/xiong/owner"
    assert environment(pod_of(owner))["DATABASE_URL_FILE"] == "/run/xiong/owner/DATABASE_URL"
    assert "xiongichat-owner" not in mounted(pod_of(app))
    assert mounted(pod_of(app))["xiongichat-secrets"] == "/run/xiong/service"
    assert environment(pod_of(app))["DATABASE_URL_FILE"] == "/run/xiong/service/DATABASE_URL"


def test_a_task_runs_once_in_its_time_and_is_told_apart_from_others():
    job, files = objects.task_job(loaded(), MIGRATE, RUNNING, "abc123")
    template = job["spec"]["template"]

    assert files is None
    assert job["metadata"]["name"] == "xiongichat-migrate-abc123"
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (0, 120)
    assert template["spec"]["restartPolicy"] == "Never"
    assert template["metadata"]["labels"][COMPONENT_LABEL] == "migrate"
    assert template["spec"]["containers"][0]["image"] == IMAGE
    assert template["spec"]["containers"][0]["command"][-6:] == [
        "task", "python", "-m", "api.migrate", "upgrade", "--phase=expand",
    ]  # fmt: skip


def test_a_task_reads_its_files_where_they_are_mounted_whatever_is_in_them():
    job, files = objects.task_job(loaded(), REAPPLY, RUNNING, "abc123")

    assert files is not None
    assert base64.b64decode(files["data"]["list.json"]) == b"\xff\x00{}"
    assert mounted(pod_of(job))[files["metadata"]["name"]] == "/run/xiong/task"
    assert environment(pod_of(job))["LIST"] == "/run/xiong/task/list.json"
    assert pod_of(job)["containers"][0]["command"][-1] == "/run/xiong/task/list.json"


def test_a_task_may_no_more_than_the_namespace_allows():
    pod = pod_of(objects.task_job(loaded(), REAPPLY, RUNNING, "abc123")[0])
    container = pod["containers"][0]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_every_variable_of_a_task_stands_once_and_every_mount_has_its_volume():
    for task in (MIGRATE, REAPPLY):
        pod = pod_of(objects.task_job(loaded(), task, RUNNING, "abc123")[0])
        names = [one["name"] for one in pod["containers"][0]["env"]]
        volumes = sorted(one["name"] for one in pod["volumes"])

        assert len(names) == len(set(names))
        assert all(before != after for before, after in pairwise(volumes))
        assert {one["name"] for one in pod["containers"][0]["volumeMounts"]} == set(volumes)


@pytest.fixture
def wrapped(tmp_path):
    """Starts a command in the wrapper of a task, with a folder of its own in place of /tmp."""
    job, _ = objects.task_job(loaded(), MIGRATE, RUNNING, "abc123")
    shell, flag, script, name = pod_of(job)["containers"][0]["command"][:4]
    # The wait for the database is another thing, and there is none here.
    script = script[script.index("trap") :].replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - of a pod

    def start(words):
        return subprocess.Popen(
            [shell, flag, script, name, "sh", "-c", words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return start


def test_the_wrapper_tells_both_streams_apart_and_keeps_the_exit_code(wrapped):
    started = wrapped("echo said; echo 'it is broken' >&2; exit 7")
    out, _ = started.communicate(timeout=30)
    said, mark, complained = out.decode().partition(objects.MARK)

    assert (started.returncode, bool(mark)) == (7, True)
    assert (said.strip(), complained.strip()) == ("said", "it is broken")


def test_a_task_is_told_when_its_time_is_over_and_what_it_said_is_still_printed(wrapped, tmp_path):
    began = tmp_path / "began"
    os.mkfifo(began)
    started = wrapped(f"trap 'echo undone; exit 3' TERM; echo on >{began}; while :; do read _ <{began}; done")
    began.read_text()  # returns once both traps are set
    started.send_signal(signal.SIGTERM)
    # It reads from a pipe that nobody writes, until the signal reaches it.
    out, _ = started.communicate(timeout=30)

    assert started.returncode == 3
    assert out.decode().startswith("undone")
