"""The step of `xiong watch` that tells operators of what is no crisis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from xiong.config.settings import Settings
from xiong.daemon.observation import Observation
from xiong.operations.notices import deliver
from xiong.operations.rollout_notices import tell_of_rollouts
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


def notices_step(
    platform: Platform, settings: Settings, clock: Clock, told: Progress
) -> Callable[[Observation], Awaitable[None]]:
    """Records what is new, and sends beside the cycle: an address that does not answer holds nothing up."""
    sending: asyncio.Task[None] | None = None

    async def step(seen: Observation) -> None:
        nonlocal sending
        await tell_of_rollouts(platform, settings, clock, seen.receipts)
        if sending is not None and not sending.done():
            return
        ended, sending = sending, asyncio.create_task(deliver(platform, settings, clock, told))
        if ended is not None:
            await ended  # what kept it from sending is this step's failure

    return step
