"""What is made of the manifests for one release: a Deployment that runs it, a pod that tries it, a Job.

Everything here is a function of objects and asks nobody. Used by `rendering`, `rollout`, `trial`, `tasks` and
`watching`.
"""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from xiong.model.task import DatabaseRole, Task
from xiong.platforms import shipped
from xiong.platforms.kubernetes import manifests
from xiong.platforms.kubernetes.cluster import Object

MARK = "--- what it said besides ---"
SETUP, RELEASE = "xiong.setup", "xiong.release"
_NAME_LABEL = "app.kubernetes.io/name"
_TRIAL_SECONDS = 600
_FILES = "/run/xiong/task"
_REACHED = """
import os, select, socket, time, urllib.parse
url = urllib.parse.urlsplit(open(os.environ["DATABASE_URL_FILE"]).read().strip())
end = time.monotonic() + 20
while time.monotonic() < end:
    try:
        socket.create_connection((url.hostname, url.port or 5432), 2).close()
        break
    except OSError:
        select.select([], [], [], 0.2)
"""
"""A new pod may run a second or two before the network lets it out: its policies follow its address."""

_APART = (
    f"python -c '{_REACHED}' 2>/tmp/err; "
    """trap 'kill -TERM $! 2>/dev/null' TERM; "$@" >/tmp/out 2>/tmp/err & child=$!; """
    'wait "$child"; code=$?; '
    'if kill -0 "$child" 2>/dev/null; then wait "$child"; code=$?; fi; '
    f'cat /tmp/out; printf "\\n%s\\n" "{MARK}"; cat /tmp/err; exit $code'
)
"""A pod's log does not tell its two streams apart, so one is printed after the other.

The shell is process 1, which the signal of a deadline would neither end nor pass on: hence the trap. It
breaks the first `wait`, so there is a second one.
"""


@dataclass(frozen=True)
class Running:
    """What a Deployment is to run.

    Attributes:
        release_id: the release.
        image: its image, by digest.
        secrets_digest: changes with every secret that a process reads only at its start.
    """

    release_id: str
    image: str
    secrets_digest: str


def released(deployment: Object, running: Running) -> Object:
    """The Deployment with that release in it; the service's count is the autoscaler's."""
    made = copy.deepcopy(deployment)
    template = made["spec"]["template"]
    # Of one that was released before, what it was does not count.
    (template["metadata"].get("annotations") or {}).pop(SETUP, None)
    _release(template, running)
    told = orjson.dumps([template, running.secrets_digest], option=orjson.OPT_SORT_KEYS)
    annotations = template["metadata"].setdefault("annotations", {})
    annotations[SETUP] = hashlib.sha256(told).hexdigest()[:16]
    if made["metadata"]["name"] == "xiongichat-api":
        made["spec"].pop("replicas", None)
    return made


def setup_of(deployment: Object) -> str:
    """Which template its pods are made from; empty where nobody said so."""
    return str((deployment["spec"]["template"]["metadata"].get("annotations") or {}).get(SETUP, ""))


def trial_pod(deployment: Object, suffix: str) -> Object:
    """One pod of its template that neither it nor the Service selects, and that ends by itself."""
    template = copy.deepcopy(deployment["spec"]["template"])
    metadata, spec = template["metadata"], template["spec"]
    labels = {k: v for k, v in metadata["labels"].items() if k not in {_NAME_LABEL, "app"}}
    kept = {SETUP: setup_of(deployment)}
    spec.pop("topologySpreadConstraints", None)
    spec |= {"restartPolicy": "Never", "activeDeadlineSeconds": _TRIAL_SECONDS}
    name = f"{deployment['metadata']['name']}-trial-{suffix}"
    return _object("v1", "Pod", name, deployment, labels=labels, annotations=kept, spec=spec)


def task_job(found: list[Object], task: Task, running: Running, suffix: str) -> tuple[Object, Object | None]:
    """A Job that runs a module of a release once, and the Secret of the files that it reads."""
    job: Object = yaml.safe_load((shipped.kubernetes() / "migrate.yaml").read_text(encoding="utf-8"))
    api = manifests.deployment(found, "api")
    name = f"xiongichat-{task.name}-{suffix}"
    job["metadata"] |= {"name": name, "namespace": api["metadata"]["namespace"]}
    job["spec"] |= {"backoffLimit": 0, "activeDeadlineSeconds": max(1, round(task.timeout_seconds))}
    template = job["spec"]["template"]
    _release(template, running)
    placed, pod = task.placed(_FILES), template["spec"]
    container = pod["containers"][0]
    container["command"] = ["sh", "-c", _APART, "task", "python", "-m", placed.module, *placed.arguments]
    container["env"] = _environment(container, api, placed)
    _mount(pod, "service", "/run/xiong/service", "xiongichat-secrets")
    config = next(one for one in api["spec"]["template"]["spec"]["volumes"] if one["name"] == "config")
    pod["volumes"].append(config)
    container["volumeMounts"].append({"name": "config", "mountPath": "/run/xiong/config", "readOnly": True})
    files = None
    if task.files:
        files = secret(f"{name}-files", task.files)
        _mount(pod, "files", _FILES, files["metadata"]["name"])
    if task.role is not DatabaseRole.OWNER:
        pod["volumes"] = [one for one in pod["volumes"] if one["name"] != "owner"]
        container["volumeMounts"] = [one for one in container["volumeMounts"] if one["name"] != "owner"]
    return job, files


def secret(name: str, data: Mapping[str, bytes], *, kind: str = "Opaque") -> Object:
    """A Secret of files."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "xiongichat"}},
        "type": kind,
        "data": {key: base64.b64encode(content).decode() for key, content in data.items()},
    }


def _environment(container: Object, api: Object, task: Task) -> list[Object]:
    """As a replica's, but for the database's owner where the task is for him."""
    told = {one["name"]: one for one in api["spec"]["template"]["spec"]["containers"][0]["env"]}
    told["SPOOL_DIR"] = {"name": "SPOOL_DIR", "value": "/tmp/spool"}  # noqa: S108 - of its own pod
    if task.role is DatabaseRole.OWNER:
        own = {one["name"]: one for one in container["env"]}
        told["DATABASE_URL_FILE"] = own["DATABASE_URL_FILE"]
    told |= {name: {"name": name, "value": value} for name, value in task.environment.items()}
    return list(told.values())


def _release(template: Object, running: Running) -> None:
    """In the first container, and in each that runs the same image; what stands beside keeps its own."""
    template["metadata"]["labels"][RELEASE] = running.release_id
    containers = (*template["spec"]["containers"], *template["spec"].get("initContainers", ()))
    ours = containers[0]["image"]
    for container in containers:
        if container["image"] == ours:
            container["image"] = running.image


def _mount(pod: Object, name: str, path: str, secret: str) -> None:
    pod["volumes"].append({"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}})
    pod["containers"][0]["volumeMounts"].append({"name": name, "mountPath": path, "readOnly": True})


def _object(version: str, kind: str, name: str, like: Object, **rest: Any) -> Object:
    metadata = {"name": name, "namespace": like["metadata"].get("namespace")}
    metadata |= {key: rest.pop(key) for key in ("labels", "annotations")}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}
