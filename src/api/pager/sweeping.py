"""Deletes what is too old, every night. Runs in the pager, since that is the process there is one of.

Two pagers may do it at once: what one deleted the other no longer finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from api.database.engine import Database, DatabaseAwayError
from api.keeping import Policy
from api.logs import Log
from api.retention import apply, drop_put_aside

TAIPEI = ZoneInfo("Asia/Taipei")
# after the backup at 02:00, and when fewest people write
AT = time(3, 30)
AGAIN_S = 600.0


class Sweep:
    """The nightly deletion of one pager."""

    def __init__(
        self, database: Database, policy: Policy, spool_dir: Path, clock: Callable[[], datetime], log: Log
    ) -> None:
        self._database = database
        self._policy = policy
        self._spool_dir = spool_dir
        self._clock = clock
        self._log = log

    async def run(self) -> None:
        """Deletes every night, until cancelled."""
        pause = self._until_night()
        while True:
            await asyncio.sleep(pause)
            pause = self._until_night() if await self.sweep() else AGAIN_S

    def _until_night(self) -> float:
        now = self._clock()
        return (next_night(now) - now).total_seconds()

    async def sweep(self) -> bool:
        """Deletes once; False where the database went away, so that it is to be done again."""
        now = self._clock()
        try:
            counts = await apply(self._database, self._policy, now)
            aside = await asyncio.to_thread(drop_put_aside, self._spool_dir, self._policy, now)
        except (DatabaseAwayError, OSError) as error:
            self._log.warning("old data could not be deleted yet", action="retention.failed", error=error)
            return False
        self._log.info(
            "old data is deleted", action="retention.applied", count=sum(asdict(counts).values()) + aside
        )
        return True


def next_night(now: datetime) -> datetime:
    """Returns when it is done next: 03:30 in Taipei."""
    local = now.astimezone(TAIPEI)
    tonight = datetime.combine(local.date(), AT, TAIPEI)
    return tonight if tonight > local else tonight + timedelta(days=1)
