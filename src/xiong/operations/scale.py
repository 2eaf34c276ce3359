"""`xiong scale`: another number of replicas of the same release."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.errors import UsageError
from xiong.model.receipt import Receipt
from xiong.operations import preflight
from xiong.operations.leasing import hold_lease
from xiong.operations.rollout import Plan, Roller
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


async def scale(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, replicas: int
) -> Receipt:
    """Starts or drains replicas until there are `replicas`.

    Raises:
        UsageError: more than `service.max_replicas`, or none.
        LeaseHeldError: another verb is at work.
    """
    most = settings.service.max_replicas
    if not 1 <= replicas <= most:
        raise UsageError(
            f"{replicas} replicas: expected 1 to {most} (service.max_replicas)",
            hint="raise service.max_replicas in xiong.toml, then xiong down && xiong up",
        )
    async with hold_lease(platform, f"scale {replicas}", settings.deploy.lease_seconds, clock):
        roller = Roller(platform, settings, clock, progress)
        await roller.finish_interrupted()
        committed, current = await preflight.running_release(platform)
        plan = Plan("scale", current, replicas, current, committed.replicas, migrate=False, judge=False)
        return await roller.carry_out(plan)
