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
    rehearsal: bool = False,
) -> Receipt:
    """Rolls out a staged release (by id), an image (by digest) or one built from a source tree (by path).

    A `reason` overrides the first guard that refuses, and stands in the history. That is the drills, where
    one of them is stale or failed, and the gate judges all the same; else it is the gate: for the fix of a
    service so ill that the comparison means nothing.

    Args:
        platform: where the service runs.
        settings: of this copy.
        clock: whose time counts.
        progress: told whenever a long step moves on.
        wanted: an id, the beginning of one, an image as NAME@sha256:…, or a source tree.
        reason: why a guard is overridden; empty overrides none.
        rehearsal: a drill deploys what must be refused; whatever the drills before it showed.

    Raises:
        PreflightError: nothing was changed.
        RolloutError: it was refused and the old release serves.
        LeaseHeldError: another verb is at work.
    """
    async with hold_lease(platform, f"deploy {wanted}", settings.deploy.lease_seconds, clock):
        roller = Roller(platform, settings, clock, progress)
        await roller.finish_interrupted()
        committed, current = await preflight.running_release(platform)
        unproven = [] if rehearsal else await preflight.unproven(platform, settings, clock)
        preflight.refuse_unproven(unproven, reason, progress)
        if isinstance(wanted, Path) or "@sha256:" in wanted:
            release = await platform.stage(wanted, progress)
        else:
            release = await preflight.staged(platform, wanted)
        await preflight.ready_to_roll(platform, release, asked_by=current)
        plan = Plan(
            verb="drill" if rehearsal else "deploy",
            release=release,
            replicas=committed.replicas,
            previous=current,
            previous_replicas=committed.replicas,
            migrate=True,
            judge=release.id != current.id and (not reason or bool(unproven)),
            reason=reason,
        )
        return await roller.carry_out(plan)
