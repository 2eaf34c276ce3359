"""What the shared rolling algorithm does to one replica in a container; and the pager of a release."""

from __future__ import annotations

import signal
from pathlib import Path

from redaction import redact
from xiong.errors import PlatformError, RolloutError, XiongError
from xiong.model.instance import Instance, InstanceState
from xiong.model.release import Release
from xiong.platforms.compose import commands, engine, looking
from xiong.platforms.compose.composing import Composer
from xiong.platforms.compose.engine import Container
from xiong.platforms.compose.rendering import SETUP_LABEL
from xiong.platforms.onehost import proxy
from xiong.tools.clock import SystemClock, wait_for

API, PAGER = "api", "pager"
_PAGER_READY_SECONDS = 30.0
_LAST_LINES = 8


class ComposeReplicas:
    """`rolling.Driver` over the engine and the proxy's fixed slots."""

    def __init__(self, composer: Composer, grace_seconds: float | None = None) -> None:
        self._composer = composer
        self._project = composer.project
        self._grace = grace_seconds

    async def replicas(self) -> list[Instance]:
        found = await looking.instances(self._project, API)
        return sorted(found, key=lambda instance: _slot_of(instance.name))

    async def fits(self, replica: Instance, release: Release) -> bool:
        if self._hold(replica.name).exists():
            return False  # a rollout that was killed left it before it was judged
        container = await named_container(self._composer, replica.name)
        return container.labels.get(SETUP_LABEL) == self._composer.slot(release.id).setup

    async def start(self, release: Release) -> Instance:
        used = {_slot_of(replica.name) for replica in await self.replicas()}
        most = self._project.settings.service.max_replicas + 1  # one more for the roll
        slot = next((number for number in range(most) if number not in used), None)
        if slot is None:
            raise PlatformError("no free slot for another replica", hint="xiong status")
        name = f"{API}-{slot}"
        self._hold(name).touch()
        await start_slot(self._composer, name, release)
        return await looking.instance(self._project, await named_container(self._composer, name))

    async def await_ready(self, replica: Instance, release: Release) -> Instance:
        seconds = self._project.settings.deploy.ready_seconds
        return await await_ready(self._composer, replica.name, release, seconds)

    async def admit(self, replica: Instance) -> None:
        self._hold(replica.name).unlink(missing_ok=True)
        # Two of the proxy's checks: it has then seen the replica ready.
        await SystemClock().sleep(2.5 * proxy.CHECK_SECONDS)

    async def drain(self, replica: Instance) -> None:
        if replica.state in {InstanceState.FAILED, InstanceState.STOPPED, InstanceState.STARTING}:
            return  # the proxy sends it nothing
        container = await named_container(self._composer, replica.name)
        await engine.call(commands.signal(container.id, signal.SIGUSR1), f"draining {replica.name}")
        await SystemClock().sleep(self._project.settings.deploy.propagation_seconds)

    async def stop(self, replica: Instance) -> None:
        await remove(self._composer, replica.name, self._grace)
        self._hold(replica.name).unlink(missing_ok=True)

    def _hold(self, name: str) -> Path:
        return self._project.layout.holds / name


async def roll_pager(composer: Composer, release: Release) -> None:
    """Makes one pager of `release` run and no other; the next runs before the last one ends.

    Raises:
        RolloutError: it does not get ready; the pager of before still runs.
    """
    wanted = composer.slot(release.id).setup
    containers = [
        c for c in await engine.containers(composer.project.name) if looking.service_of(c.service) == PAGER
    ]
    fitting = None
    for container in containers:
        seen = await looking.instance(composer.project, container)
        if container.labels.get(SETUP_LABEL) == wanted and seen.state is InstanceState.READY:
            fitting = container.service
    if fitting is None:
        used = {_slot_of(c.service) for c in containers if c.running}
        fitting = f"{PAGER}-{min({0, 1} - used, default=0)}"
        if fitting in {c.service for c in containers}:
            await remove(composer, fitting, None)
        await start_slot(composer, fitting, release)
        try:
            await await_ready(composer, fitting, release, _PAGER_READY_SECONDS)
        except XiongError:
            await remove(composer, fitting, None)
            raise
    for container in containers:
        if container.service != fitting:
            await remove(composer, container.service, None)


async def start_slot(composer: Composer, name: str, release: Release) -> None:
    """Makes the container of a slot and starts it."""
    project = composer.project
    project.keep_slots({**project.slots(), name: composer.slot(release.id)})
    await composer.up([name])


async def remove(composer: Composer, name: str, grace_seconds: float | None) -> None:
    """Stops a container within its grace, and forgets its slot."""
    container = await named_container(composer, name)
    if container.running:
        argv = commands.stop(container.id, grace_seconds)
        await engine.call(argv, f"stopping {name}")
    await engine.call(commands.remove(container.id), f"removing {name}")
    project = composer.project
    project.keep_slots({n: slot for n, slot in project.slots().items() if n != name})


async def named_container(composer: Composer, name: str) -> Container:
    """The container of an instance.

    Raises:
        PlatformError: there is none.
    """
    found = next((c for c in await engine.containers(composer.project.name) if c.service == name), None)
    if found is None:
        raise PlatformError(f"{name} is not here", hint="xiong status")
    return found


async def await_ready(composer: Composer, name: str, release: Release, seconds: float) -> Instance:
    """Returns once it answers as that release, admitted or not.

    Raises:
        RolloutError: it died, hung or names another release; its last words are in the message.
    """

    async def ready() -> Instance | None:
        container = await named_container(composer, name)
        seen = await looking.instance(composer.project, container)
        if seen.state in {InstanceState.FAILED, InstanceState.STOPPED} or container.restarts:
            raise PlatformError(f"it ended with exit code {container.exit_code}")
        held = seen.state is InstanceState.STARTING and seen.detail == looking.NOT_ADMITTED
        return seen if held or seen.state is InstanceState.READY else None

    try:
        return await wait_for(ready, what=f"{name}, ready", seconds=seconds, clock=SystemClock(), every=0.2)
    except XiongError as error:
        words = await last_words(composer, name)
        raise RolloutError(
            f"{name} did not get ready with release {release.id}: {error.message}{words}",
            hint=f"docker logs {composer.project.container(name)}",
        ) from error


async def last_words(composer: Composer, name: str) -> str:
    """The last lines that a container printed, as an indented block; empty where it is gone."""
    try:
        container = await named_container(composer, name)
        done = await engine.call(commands.tail(container.id, _LAST_LINES), f"reading the logs of {name}")
    except PlatformError:
        return ""
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    return "".join(f"\n  {redact(line)}" for line in lines[-_LAST_LINES:])


def _slot_of(name: str) -> int:
    return int(name.rpartition("-")[2])
