"""One rolling replacement for platforms that roll by hand (local, Compose).

Start, ready, admit, then drain and stop an old one: never fewer replicas than asked for, never more
than one extra.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Protocol

from xiong.errors import PlatformError, RolloutError, XiongError
from xiong.model.instance import Instance, InstanceState, ReplicaEvent, ReplicaStep
from xiong.model.release import Release


class Driver(Protocol):
    """What a platform does to one replica."""

    async def replicas(self) -> list[Instance]:
        """All replicas of the service, in a stable order."""
        ...

    async def fits(self, replica: Instance, release: Release) -> bool:
        """Whether it runs exactly what `start` would run now: that release with the present settings."""
        ...

    async def start(self, release: Release) -> Instance:
        """Starts one more replica."""
        ...

    async def await_ready(self, replica: Instance, release: Release) -> Instance:
        """Returns once it is ready and names that release.

        Raises:
            RolloutError: it died, hung or names another release.
        """
        ...

    async def admit(self, replica: Instance) -> None:
        """Returns once the proxy sends it traffic."""
        ...

    async def drain(self, replica: Instance) -> None:
        """Returns once the proxy sends it no more traffic."""
        ...

    async def stop(self, replica: Instance) -> None:
        """Lets it finish what is in flight, then it is gone."""
        ...


async def roll(driver: Driver, release: Release, replicas: int) -> AsyncGenerator[ReplicaEvent, None]:
    """Converges on `replicas` replicas of `release`; see `Platform.apply` for the promise.

    Where it starts from does not matter, so a roll that was killed is simply rolled again.
    """
    for replica in await driver.replicas():
        if replica.state in {InstanceState.FAILED, InstanceState.STOPPED}:
            yield await _stop(driver, replica)
    while True:
        present = await driver.replicas()
        new = [r for r in present if r.state is not InstanceState.DRAINING and await driver.fits(r, release)]
        # What serves nobody goes first, so that there are never fewer that serve.
        old = sorted(
            (r for r in present if r not in new), key=lambda replica: replica.state is InstanceState.READY
        )
        if len(new) >= replicas and not old:
            break
        if len(present) > replicas and old:
            async for event in _retire(driver, old[0]):
                yield event
        elif len(new) < replicas:
            async for event in _bring_up(driver, release):
                yield event
        else:
            async for event in _retire(driver, old[0]):
                yield event
    for surplus in new[replicas:]:
        async for event in _retire(driver, surplus):
            yield event


async def replace(driver: Driver, name: str, release: Release) -> AsyncGenerator[ReplicaEvent, None]:
    """Another replica takes the place of one; see `Platform.replace` for the promise."""
    old = await named(driver, name)
    gone = old.state in {InstanceState.FAILED, InstanceState.STOPPED}
    if gone:
        yield await _stop(driver, old)
    async for event in _bring_up(driver, release):
        yield event
    if not gone:
        async for event in _retire(driver, old):
            yield event


async def named(driver: Driver, name: str) -> Instance:
    """The replica of that name.

    Raises:
        PlatformError: there is none.
    """
    found = next((replica for replica in await driver.replicas() if replica.name == name), None)
    if found is None:
        raise PlatformError(f"no replica {name} is here", hint="xiong status")
    return found


async def drain_if_serving(driver: Driver, name: str) -> None:
    """Drains it where it is a replica that the proxy may send to; whatever else has that name is none."""
    for replica in await driver.replicas():
        if replica.name == name and replica.state is InstanceState.READY:
            await driver.drain(replica)


async def _bring_up(driver: Driver, release: Release) -> AsyncGenerator[ReplicaEvent, None]:
    begun = time.monotonic()
    replica = await driver.start(release)
    yield ReplicaEvent(ReplicaStep.STARTED, replica, time.monotonic() - begun)
    begun = time.monotonic()
    try:
        replica = await driver.await_ready(replica, release)
    except XiongError as error:
        await driver.stop(replica)
        raise RolloutError(error.message, hint=error.hint) from error
    yield ReplicaEvent(ReplicaStep.READY, replica, time.monotonic() - begun)
    begun = time.monotonic()
    await driver.admit(replica)
    yield ReplicaEvent(ReplicaStep.ADMITTED, replica, time.monotonic() - begun)


async def _retire(driver: Driver, replica: Instance) -> AsyncGenerator[ReplicaEvent, None]:
    begun = time.monotonic()
    await driver.drain(replica)
    yield ReplicaEvent(ReplicaStep.DRAINED, replica, time.monotonic() - begun)
    yield await _stop(driver, replica)


async def _stop(driver: Driver, replica: Instance) -> ReplicaEvent:
    begun = time.monotonic()
    await driver.stop(replica)
    return ReplicaEvent(ReplicaStep.STOPPED, replica, time.monotonic() - begun)
