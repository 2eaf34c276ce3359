"""What all checks of one look share: platform, settings, clock, and what was asked already."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, Self, TypeVar

from xiong.config.settings import Settings
from xiong.model.instance import Instance
from xiong.operations.health.memory import Memory
from xiong.operations.journal import Committed, Journal, Rollout
from xiong.platforms.base import Endpoint, Platform
from xiong.tools.clock import Clock

T = TypeVar("T")

ANSWER_SECONDS: Final = 2.0
"""How long a process may take for one small answer; what takes longer hangs."""

_GRACE_SECONDS: Final = 0.2


class Scene:
    """One look's surroundings; what several checks need is asked once. `async with` ends what still asks."""

    def __init__(
        self, platform: Platform, settings: Settings, clock: Clock, memory: Memory | None = None
    ) -> None:
        self.platform = platform
        self.settings = settings
        self.clock = clock
        self.memory = memory or Memory()
        self._asked: dict[Hashable, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await give_up(self._asked.values())

    async def once(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer of the first who asked under that key; a check that is given up ends no other's."""
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(ask())
        answer: T = await asyncio.shield(self._asked[key])
        return answer

    async def instances(self, service: str) -> list[Instance]:
        """The running copies of a service."""
        everything = await self.once("instances", self.platform.instances)
        return [instance for instance in everything if instance.service == service]

    async def endpoint(self) -> Endpoint:
        """Where the service is reached."""
        return await self.once("endpoint", self.platform.endpoint)

    async def committed(self) -> Committed | None:
        """The release that is meant to run; None where nothing was ever started."""
        return await self.once("committed", Journal(self.platform.records).committed)

    async def rollout(self) -> Rollout | None:
        """The rollout that somebody carries out right now; None for one that was interrupted."""
        return await self.once("rollout", self._rollout)

    async def _rollout(self) -> Rollout | None:
        lease = await self.platform.read_lease()
        return await Journal(self.platform.records).rollout() if lease is not None else None


async def give_up(futures: Any) -> None:
    """Cancels what is not done; what will not end is left behind, and no error of it is told any more."""
    pending = [future for future in futures if not future.done()]
    for future in pending:
        future.cancel()
    if pending:
        await asyncio.wait(pending, timeout=_GRACE_SECONDS)
    for future in futures:
        if future.done() and not future.cancelled():
            future.exception()
