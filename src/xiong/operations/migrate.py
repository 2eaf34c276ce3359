"""`xiong migrate --contract`: takes away what no release that could still be needed uses."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.config.settings import Settings
from xiong.errors import PreflightError
from xiong.operations import preflight, schema
from xiong.operations.leasing import hold_lease
from xiong.operations.rollout import Roller
from xiong.platforms.base import Platform, Progress
from xiong.tools import host
from xiong.tools.clock import Clock


@dataclass(frozen=True)
class ContractResult:
    """Which contract revisions were applied now, and which releases can never run here again."""

    applied: tuple[str, ...]
    given_up: tuple[str, ...]


async def contract(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, override: str = ""
) -> ContractResult:
    """Applies the running release's contract revisions.

    Raises:
        PreflightError: the release that a rollback would choose does not know one of them.
        LeaseHeldError: another verb is at work.
    """
    async with hold_lease(platform, "migrate --contract", settings.deploy.lease_seconds, clock):
        await Roller(platform, settings, clock, progress).finish_interrupted()
        committed, current = await preflight.running_release(platform)
        pending = await schema.pending_contract(platform, current)
        if not pending:
            return ContractResult((), ())
        staged = {r.id: r for r in await platform.releases()}
        lost = tuple(
            r for r in committed.earlier if r in staged and not set(pending) <= set(staged[r].schema.knows)
        )
        fallback = next(iter(committed.earlier), None)
        if fallback in lost and not override:
            raise PreflightError(
                f"contract migration {', '.join(pending)} is refused: "
                f"{fallback}, to which a rollback would go, does not know it",
                hint="deploy once more, then xiong migrate --contract; or add --override REASON",
            )
        applied = await schema.contract(platform, current)
        await platform.records.write(
            "contracts",
            f"{clock.now():%Y%m%dT%H%M%S}",
            {"applied": list(applied), "given_up": list(lost), "by": host.actor(), "reason": override},
        )
        return ContractResult(applied, lost)
