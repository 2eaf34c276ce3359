"""What a restore replaced: deleted once somebody confirms, or put back."""

from __future__ import annotations

import secrets

from xiong.config.settings import Settings
from xiong.errors import PreflightError
from xiong.operations.leasing import hold_lease, wait_for_backup
from xiong.operations.restore import journal
from xiong.operations.restore.journal import Exchange, Step
from xiong.operations.restore.swap import finish_interrupted, swap
from xiong.platforms.base import Platform, Progress
from xiong.tools import host
from xiong.tools.clock import Clock

_PATIENCE_SECONDS = 600.0


async def confirm(platform: Platform, progress: Progress) -> list[str]:
    """Deletes what earlier restores replaced; returns what that was.

    Raises:
        PreflightError: an exchange is under way.
    """
    if await journal.read(platform.records) is not None:
        raise PreflightError("a restore is not ended yet: nothing is deleted", hint="xiong restore newest")
    gone = []
    for kept in await platform.stores.kept():
        await platform.stores.forget(kept)
        gone.append(f"{kept.store} of before {kept.name}")
        progress(f"deleted {kept.folder}")
    return gone


async def undo(platform: Platform, settings: Settings, clock: Clock, progress: Progress) -> list[str]:
    """Puts back what the last restore replaced; the restored data is kept in its stead.

    Raises:
        PreflightError: nothing is kept.
        LeaseHeldError: another verb is at work.
    """
    await wait_for_backup(platform, clock, _PATIENCE_SECONDS)
    async with hold_lease(platform, "restore --undo", settings.deploy.lease_seconds, clock):
        await finish_interrupted(platform, settings, clock, progress)
        kept = await platform.stores.kept()
        if not kept:
            raise PreflightError("no earlier restore keeps anything here", hint="xiong backup list")
        name = kept[-1].name
        folders = {one.store: str(one.folder) for one in kept if one.name == name}
        made = f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        exchange = Exchange(made, f"what {name} replaced", folders, Step.PREPARING, host.actor())
        await swap(platform, settings, clock, progress, exchange)
        return sorted(folders)
