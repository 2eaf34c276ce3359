"""What `xiong watch` does about a restore that was cut off: it ends it, so that nobody stays locked out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from xiong.config.settings import Settings
from xiong.daemon.observation import Observation
from xiong.errors import LeaseHeldError
from xiong.operations.restore.swap import mend
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


def restores_step(
    platform: Platform, settings: Settings, clock: Clock, told: Progress
) -> Callable[[Observation], Awaitable[None]]:
    """The step `restores`: before anything is healed, since a database that is exchanged is not ill."""

    async def act(seen: Observation) -> None:
        if seen.lease is None:
            with suppress(LeaseHeldError):
                await mend(platform, settings, clock, told)

    return act
