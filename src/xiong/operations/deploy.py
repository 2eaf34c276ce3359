"""`xiong deploy`: another release, without a lost request, or the old one."""

from __future__ import annotations

from pathlib import Path

from xiong.config.settings import Settings
from xiong.model.receipt import Receipt
from xiong.operations import preflight
from xiong.operations.leasing import hold_lease
from xiong.operations.rollout import Plan, Roller
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


async def deploy(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    *,
    wanted: str | Path,
    reason: str = "",
) -> Receipt:
    """Rolls out a staged release (by id) or one built from a source tree (by path).

    With a `reason` the gate is passed over, and the reason stands in the history: for the fix of a
    service so ill that the comparison means nothing.

    Raises:
        PreflightError: nothing was changed.
        RolloutError: it was refused and the old release serves.
        LeaseHeldError: another verb is at work.
    """
    async with hold_lease(platform, f"deploy {wanted}", settings.deploy.lease_seconds, clock):
        roller = Roller(platform, settings, clock, progress)
        await roller.finish_interrupted()
        committed, current = await preflight.running_release(platform)
        if isinstance(wanted, Path):
            release = await platform.stage(wanted, progress)
        else:
            release = await preflight.staged(platform, wanted)
        await preflight.ready_to_roll(platform, release, asked_by=current)
        plan = Plan(
            verb="deploy",
            release=release,
            replicas=committed.replicas,
            previous=current,
            previous_replicas=committed.replicas,
            migrate=True,
            judge=release.id != current.id and not reason,
            reason=reason,
        )
        return await roller.carry_out(plan)
