"""Smaller things that the adapter does: tasks, client tools, versions, room on the disk, the end of all."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.errors import DeadlineError, PlatformError, XiongError
from xiong.model.instance import InstanceState
from xiong.model.release import Release
from xiong.model.task import DatabaseRole, Task, TaskResult
from xiong.model.volume import Surplus
from xiong.platforms.compose import commands, engine, looking, rendering, tools
from xiong.platforms.compose.composing import Composer
from xiong.platforms.compose.images import ReleaseImages
from xiong.platforms.compose.project import reader, service_user
from xiong.platforms.onehost import scratch, task_files
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools import process
from xiong.tools.clock import SystemClock, wait_for

_TOOL_SECONDS = 300.0
_WELL_SECONDS = 60.0
_INSIDE_OWNER = "/run/xiong/owner"
_INSIDE_TASK = "/run/xiong/task"


async def run(composer: Composer, secrets: HostSecrets, release: Release, task: Task) -> TaskResult:
    """A module of a release, once, in a container of its own beside the data stores."""
    with task_files.folder(task, room=composer.project.layout.store_root, owner=reader()) as private:
        return await _run(composer, secrets, release, task.placed(_INSIDE_TASK), private)


async def _run(
    composer: Composer, secrets: HostSecrets, release: Release, task: Task, private: Path
) -> TaskResult:
    project = composer.project
    told = {**composer.environment(release.id), **task.environment}
    mounts = {
        project.published: f"{rendering.INSIDE_SERVICE}:ro",
        project.layout.spool: rendering.INSIDE_SPOOL,
        private: f"{_INSIDE_TASK}:ro",
    }
    if task.role is DatabaseRole.OWNER:
        file = secrets.owner_file(project.settings, project.network.stores)
        mounts[file.parent] = f"{_INSIDE_OWNER}:ro"
        told["DATABASE_URL_FILE"] = f"{_INSIDE_OWNER}/{file.name}"
    argv = commands.run_once(
        composer.image(release.id),
        ["python", "-m", task.module, *task.arguments],
        network=tools.own_network(project) if task.by_scratch else f"{project.name}_back",
        user=":".join(map(str, service_user())),
        mounts=mounts,
        environment=[f"{name}={value}" for name, value in told.items()],
        labels={tools.TASK_LABEL: project.name},
    )
    return _result(
        await process.run(argv, environment=engine.environment(), timeout_seconds=task.timeout_seconds)
    )


async def psql(composer: Composer, password: Secret, argv: Sequence[str], stdin: bytes) -> TaskResult:
    """A client tool inside the database's container, as its superuser; no secret is on a command line."""
    told = {
        "PGHOST": "127.0.0.1",
        "PGUSER": scratch.SUPERUSER,
        "PGPASSWORD": password.reveal(),
        "PGCONNECT_TIMEOUT": "5",
    }
    called = commands.execute(composer.project.container("postgres"), argv, tuple(told))
    return _result(
        await process.run(
            called, environment=engine.environment(**told), timeout_seconds=_TOOL_SECONDS, stdin=stdin
        )
    )


async def await_well(composer: Composer, name: str) -> None:
    """Returns once an instance is ready, or held back and answering.

    Raises:
        PlatformError: it is not in time.
    """
    last = ""

    async def well() -> bool:
        nonlocal last
        for one in await looking.instances(composer.project):
            if one.name == name:
                last = one.detail or one.state
                return one.state is InstanceState.READY or one.detail == looking.NOT_ADMITTED
        return False

    seconds = max(_WELL_SECONDS, composer.project.settings.deploy.ready_seconds)
    try:
        await wait_for(well, what=f"{name}, ready", seconds=seconds, clock=SystemClock(), every=0.1)
    except DeadlineError as error:
        raise PlatformError(f"{error.message} ({last})", hint="xiong status") from error


async def stop_everything(composer: Composer) -> None:
    """All containers of the copy, also those of tasks whose caller was killed, and its networks."""
    await composer.down()
    composer.project.keep_slots({})
    left = await engine.call(
        commands.labelled(f"{tools.TASK_LABEL}={composer.project.name}"), "listing tasks"
    )
    for container in left.stdout.decode().split():
        await engine.call(commands.remove(container), "removing a task's container")


async def reclaim(
    images: ReleaseImages, keep: Collection[str], volumes: Collection[str], *, dry_run: bool
) -> list[Surplus]:
    """Images of releases that are not kept; logs are rotated by the engine."""
    if "state" not in volumes:
        return []
    found = []
    for release in await images.all():
        if release.id in keep:
            continue
        found.append(Surplus(f"release {release.id}", await images.size(release.id)))
        if not dry_run:
            await images.discard(release.id)
    return found


async def survive_reboot() -> str:
    """Says whether the engine itself comes up; its containers then do.

    Raises:
        PlatformError: the engine is not started at boot, and we may not change that.
    """
    argv = ["systemctl", "enable", "--now", "docker.service"]
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    try:
        done = await process.run(argv, environment=environment, timeout_seconds=30)
        done.checked("enabling docker.service")
    except XiongError as error:
        raise PlatformError(
            f"the engine is not started at boot: {error.message}", hint="systemctl enable docker"
        ) from error
    return "docker.service starts at boot, and starts every container of this copy"


async def versions(composer: Composer) -> dict[str, str]:
    """{program: what it says of its version, or why it says nothing}."""
    asked = {"docker engine": commands.engine_version(), "docker compose": commands.compose_version()}
    found = {}
    for name, argv in asked.items():
        try:
            found[name] = (await engine.call(argv, name, seconds=20)).stdout.decode().strip()
        except XiongError as error:
            found[name] = error.message
    wanted = composer.project.settings.compose
    return {**found, "postgres": wanted.postgres_image, "valkey": wanted.valkey_image}


def _result(done: process.Completed) -> TaskResult:
    printed, complained = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    return TaskResult(done.exit_code, printed, complained, done.seconds)
