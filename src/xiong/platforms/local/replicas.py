"""What the shared rolling algorithm does to one local replica."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from xiong.config.settings import Settings
from xiong.errors import PlatformError, RolloutError
from xiong.model.instance import Instance, InstanceState
from xiong.model.release import Release
from xiong.platforms.local import specs
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.spec import ChildState, ChildStatus, ProcessSpec
from xiong.platforms.onehost import proxy
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports, owner_of
from xiong.tools.clock import SystemClock

_STATES = {
    ChildState.STARTING: InstanceState.STARTING,
    ChildState.BACKOFF: InstanceState.STARTING,
    ChildState.READY: InstanceState.READY,
    ChildState.DRAINING: InstanceState.DRAINING,
    ChildState.STOPPING: InstanceState.DRAINING,
    ChildState.STOPPED: InstanceState.STOPPED,
    ChildState.FAILED: InstanceState.FAILED,
}


def as_instance(child: ChildStatus, holds: Path) -> Instance:
    """A supervised process in the words of all platforms; one that is held back is still starting."""
    held = child.state is ChildState.READY and (holds / child.name).exists()
    return Instance(
        name=child.name,
        service=child.service,
        release_id=child.release_id,
        state=InstanceState.STARTING if held else _STATES[child.state],
        url=child.url,
        identity=f"{child.pid}@{child.create_time}",
        restarts=child.restarts,
        detail=child.detail or ("not admitted" if held else ""),
    )


class LocalReplicas:
    """`rolling.Driver` over the supervisor and the proxy's fixed slots."""

    def __init__(
        self,
        supervisor: SupervisorClient,
        settings: Settings,
        layout: Layout,
        ports: Ports,
        start_of: Callable[[str], specs.Start],
        grace_seconds: float | None = None,
    ) -> None:
        self._supervisor = supervisor
        self._settings = settings
        self._layout = layout
        self._ports = ports
        self._start_of = start_of
        self._grace = grace_seconds

    async def replicas(self) -> list[Instance]:
        children = [c for c in await self._supervisor.list() if c.service == specs.API]
        return [
            as_instance(c, self._layout.holds) for c in sorted(children, key=lambda c: int(c.labels["slot"]))
        ]

    async def fits(self, replica: Instance, release: Release) -> bool:
        child = next(c for c in await self._supervisor.list() if c.name == replica.name)
        if (self._layout.holds / child.name).exists():
            return False  # a rollout that was killed left it before it was judged
        return child.labels.get("setup") == self._spec(int(child.labels["slot"]), release).labels["setup"]

    async def start(self, release: Release) -> Instance:
        used = {int(r.name.rpartition("-")[2]) for r in await self.replicas()}
        free = [slot for slot in range(len(self._ports.slots)) if slot not in used]
        if not free:
            raise PlatformError("no free slot for another replica", hint="xiong status")
        # A foreign process on a slot's port would take people's messages: another slot is used then.
        slot = next((s for s in free if owner_of(self._ports.slots[s]) is None), None)
        if slot is None:
            port = self._ports.slots[free[0]]
            raise PlatformError(f"port {port} of a free slot is taken by {owner_of(port)}", hint="xiong down")
        spec = self._spec(slot, release)
        (self._layout.holds / spec.name).touch()
        return as_instance(await self._supervisor.ensure(spec), self._layout.holds)

    def _spec(self, slot: int, release: Release) -> ProcessSpec:
        return specs.replica(slot, self._start_of(release.id), self._settings, self._layout, self._ports)

    async def await_ready(self, replica: Instance, release: Release) -> Instance:
        seconds = self._settings.deploy.ready_seconds
        try:
            child = await self._supervisor.wait_ready(replica.name, seconds, deaths_allowed=0)
            return as_instance(child, self._layout.holds)
        except PlatformError as error:
            log = self._layout.logs / f"{replica.name}.log"
            raise RolloutError(
                f"{replica.name} did not get ready with release {release.id}: {error.message}",
                hint=f"tail '{log}'",
            ) from error

    async def admit(self, replica: Instance) -> None:
        (self._layout.holds / replica.name).unlink(missing_ok=True)
        # Two of the proxy's checks: it has then seen the replica ready.
        await SystemClock().sleep(2.5 * proxy.CHECK_SECONDS)

    async def drain(self, replica: Instance) -> None:
        if replica.state in {InstanceState.FAILED, InstanceState.STOPPED, InstanceState.STARTING}:
            return  # the proxy sends it nothing
        await self._supervisor.set_state_draining(replica.name)
        await self._supervisor.signal(replica.name, signal.SIGUSR1)
        await SystemClock().sleep(self._settings.deploy.propagation_seconds)

    async def stop(self, replica: Instance) -> None:
        await self._supervisor.stop(replica.name, forget=True, grace=self._grace)
        (self._layout.holds / replica.name).unlink(missing_ok=True)
