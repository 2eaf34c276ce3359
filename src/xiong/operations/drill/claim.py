"""The right to break something: nobody else changes anything meanwhile, and what was broken is mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from xiong.config.settings import Settings
from xiong.operations.drill import standing
from xiong.operations.drill.drill import Drill, Note, Stage
from xiong.operations.drill.leftovers import undo_leftovers
from xiong.operations.drill.load import DrillLoad
from xiong.operations.drill.standing import Standing
from xiong.operations.leasing import beside_drill, hold_lease, wait_for_backup
from xiong.platforms.base import Platform, Progress
from xiong.tools import host
from xiong.tools.clock import Clock

_LONGEST = timedelta(hours=1)
_PATIENCE_SECONDS = 600.0


class Claim:
    """A drill that stands, with its stage and what it has noted so far."""

    def __init__(
        self,
        drill: Drill,
        platform: Platform,
        settings: Settings,
        clock: Clock,
        progress: Progress,
        standing_as: Standing,
    ) -> None:
        self._drill = drill
        self._standing = standing_as
        self._stack = AsyncExitStack()
        self.stage = Stage(platform, settings, clock, progress, DrillLoad(), self._note, self._stack)

    async def mend(self) -> None:
        """Undoes whatever was noted; again is no error."""
        await self._stack.aclose()
        await self._drill.undo(self.stage, self._standing.note)

    async def _note(self, note: Note) -> None:
        self._standing = await standing.add_note(self.stage.platform.records, self._standing, note)


@asynccontextmanager
async def claimed(
    drill: Drill, platform: Platform, settings: Settings, clock: Clock, progress: Progress
) -> AsyncIterator[Claim]:
    """Takes it; at the end everything is mended, and only then others may change something again.

    Raises:
        LeaseHeldError: another verb, or another drill, is at work.
    """
    await wait_for_backup(platform, clock, _PATIENCE_SECONDS)  # `watch` makes one whenever it is due
    now, me = clock.now(), host.this_process()
    mine = Standing(drill.name, f"{host.actor()} pid {me.pid}", me, now, now + _LONGEST)
    async with hold_lease(platform, f"drill {drill.name}", settings.deploy.lease_seconds, clock):
        await undo_leftovers(platform, settings, clock, progress)
        await standing.write(platform.records, mine)
    claim = Claim(drill, platform, settings, clock, progress, mine)
    with beside_drill():
        try:
            yield claim
        finally:
            await claim.mend()
            await standing.clear(platform.records)


async def lacking(
    drill: Drill, platform: Platform, settings: Settings, clock: Clock, progress: Progress
) -> str | None:
    """Why this drill cannot be run here, in words; nothing is changed."""

    async def nothing_to_note(_: Note) -> None:
        """Asking breaks nothing."""

    async with AsyncExitStack() as stack:
        return await drill.needs(
            Stage(platform, settings, clock, progress, DrillLoad(), nothing_to_note, stack)
        )
