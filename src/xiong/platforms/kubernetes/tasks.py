"""What runs once beside the service: a task of a release as a Job, and a store's client tool in its pod."""

from __future__ import annotations

import secrets as random_source
from collections.abc import Sequence

from xiong.errors import DeadlineError, PlatformError
from xiong.model.task import Task, TaskResult
from xiong.platforms.kubernetes import objects, reasons
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.objects import Running
from xiong.tools.clock import SystemClock, wait_for

_PULL_SECONDS = 180.0
"""Beyond the task's own time, for an image that comes to its node for the first time."""
_EVERY_SECONDS = 0.3
_KILLED = 124
_DATABASE = "postgres-0"
_SUPERUSER = (
    'PGPASSWORD="$(cat /run/xiong/database/superuser)" PGHOST=127.0.0.1 PGUSER=postgres '
    'PGCONNECT_TIMEOUT=5 exec "$@"'
)


async def run(cluster: Cluster, found: list[Object], running: Running, task: Task) -> TaskResult:
    """A module of a release, once, in a pod of its own; nothing of it stays.

    Raises:
        PlatformError: it cannot run here, or its pod never began.
    """
    if task.by_scratch:
        raise PlatformError(
            f"{task.name} needs a scratch server beside the tool, and in a cluster there is none",
            hint="the same from the platform local or compose",
        )
    job, files = objects.task_job(found, task, running, random_source.token_hex(4))
    name, clock = job["metadata"]["name"], SystemClock()
    begun = clock.monotonic()
    if files is not None:
        await cluster.create(files)
    try:
        made = await cluster.create(job)
        if files is not None:
            await _belongs(cluster, files, made)
        code, printed = await _ended(cluster, name, task)
    finally:
        await cluster.delete("Job", name)
        if files is not None:
            await cluster.delete("Secret", files["metadata"]["name"])
    stdout, stderr = separated(printed)
    return TaskResult(code, stdout, stderr, clock.monotonic() - begun)


async def psql(cluster: Cluster, argv: Sequence[str], stdin: bytes) -> TaskResult:
    """A client tool inside the database's pod, as its superuser; the password stands in a file there."""
    clock = SystemClock()
    begun = clock.monotonic()
    words = ["sh", "-c", _SUPERUSER, "sh", *argv]
    code, printed, complained = await cluster.execute(_DATABASE, "postgres", words, stdin)
    out, err = (text.decode(errors="replace") for text in (printed, complained))
    return TaskResult(code, out, err, clock.monotonic() - begun)


def separated(printed: bytes) -> tuple[str, str]:
    """What a task printed to each of its streams, as its wrapper wrote them one after the other."""
    out, mark, err = printed.partition(f"\n{objects.MARK}".encode())
    if not mark:  # it was ended from outside
        return "", printed.decode(errors="replace")
    return out.decode(errors="replace"), err.removeprefix(b"\n").decode(errors="replace")


async def _belongs(cluster: Cluster, files: Object, job: Object) -> None:
    """The Secret goes with the Job, also when nobody is left to delete it."""
    owner = {"apiVersion": "batch/v1", "kind": "Job"}
    owner |= {"name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}
    await cluster.patch("Secret", files["metadata"]["name"], {"metadata": {"ownerReferences": [owner]}})


async def _ended(cluster: Cluster, name: str, task: Task) -> tuple[int, bytes]:
    """Exit code, and all that it printed."""

    async def pod_that_ended() -> Object | None:
        for pod in await cluster.list("Pod", {"batch.kubernetes.io/job-name": name}):
            if pod["status"].get("phase") in {"Succeeded", "Failed"}:
                return pod
            if reasons.hopeless(pod):
                raise PlatformError(f"{task.name} cannot run: {await reasons.explain(cluster, pod)}")
        if _overdue(await cluster.get("Job", name)):
            raise DeadlineError(f"{task.name}: not done within {task.timeout_seconds:g} s")
        return None

    seconds = task.timeout_seconds + _PULL_SECONDS
    try:
        pod = await wait_for(
            pod_that_ended, what=task.name, seconds=seconds, clock=SystemClock(), every=_EVERY_SECONDS
        )
    except DeadlineError as error:
        pods = await cluster.list("Pod", {"batch.kubernetes.io/job-name": name})
        waiting = [pod for pod in pods if pod["status"].get("phase") == "Pending"]
        if waiting:
            why = await reasons.explain(cluster, waiting[0])
            raise PlatformError(f"{task.name} did not begin: {why}", hint="kubectl get events") from error
        return _KILLED, error.message.encode()
    lines = [line async for line in cluster.log(pod["metadata"]["name"])]
    return _exit_code(pod), b"\n".join(lines)


def _overdue(job: Object | None) -> bool:
    """Whether its time was over; its pod is gone then."""
    told = reasons.condition((job or {}).get("status", {}), "Failed")
    return told.get("status") == "True" and told.get("reason") == "DeadlineExceeded"


def _exit_code(pod: Object) -> int:
    if pod["status"].get("reason") == "DeadlineExceeded":
        return _KILLED
    for told in pod["status"].get("containerStatuses", ()):
        ended = told.get("state", {}).get("terminated")
        if ended:
            return int(ended.get("exitCode", 1))
    return 1
