"""`xiong down`: a graceful stop; data stays unless it is purged."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.operations.leasing import hold_lease
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


async def down(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, purge: bool
) -> None:
    """Stops every process of this copy; with `purge`, forgets its data, releases and secrets.

    Raises:
        LeaseHeldError: another verb is at work.
    """
    async with hold_lease(platform, "down", settings.deploy.lease_seconds, clock):
        await platform.stop(purge=purge, progress=progress)
