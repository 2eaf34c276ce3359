"""What `xiong watch` does about backups: ships the log all the time, and makes the backup that is due."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from xiong.config.settings import Settings
from xiong.daemon.backup_metrics import BackupMetrics
from xiong.daemon.observation import Observation
from xiong.errors import LeaseHeldError, XiongError
from xiong.model.backup import VerifyOutcome
from xiong.operations.backup import history, schedule
from xiong.operations.backup.create import create
from xiong.operations.backup.history import Failure
from xiong.operations.backup.prune import prune
from xiong.operations.backup.shipping import LogShipping
from xiong.operations.backup.verify import verify
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

_AGAIN = timedelta(minutes=15)
"""How long to wait after an attempt that failed."""


class BackupKeeper:
    """The step `backups` of each cycle; `close` it when the daemon ends."""

    def __init__(
        self, platform: Platform, settings: Settings, clock: Clock, told: Progress, metrics: BackupMetrics
    ) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._told = told
        self._metrics = metrics
        self._log = LogShipping(platform, settings, clock)
        self._shipping: asyncio.Task[None] | None = None
        self._making: asyncio.Task[None] | None = None
        self._begun = clock.now()
        self._tried: datetime | None = None
        self._fault = ""

    async def act(self, seen: Observation) -> None:
        """Never waits: shipping and making go on in the background."""
        await self._metrics.read()
        if not self._settings.backup.enabled or seen.committed is None:
            return
        if await self._platform.stores.lacks("postgres"):
            return
        if self._settings.streams_log or self._settings.archives_log:
            self._ship_on()
        if seen.lease is None and _ended(self._making) and await self._due():
            self._tried = self._clock.now()
            self._making = asyncio.create_task(self._make())

    async def close(self) -> None:
        """Cuts off what is under way; a set that is not whole does not count."""
        under_way = [task for task in (self._shipping, self._making) if task is not None]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._log.close()

    def _ship_on(self) -> None:
        if self._shipping is not None and self._shipping.done():
            error = self._shipping.exception()
            self._tell(f"shipping the write-ahead log broke off: {type(error).__name__}")
        if _ended(self._shipping):
            self._shipping = asyncio.create_task(self._ship())

    async def _ship(self) -> None:
        while True:
            reading = await self._log.once()
            self._metrics.shipped(reading, self._log.objects)
            self._tell(f"the write-ahead log is not stored: {reading.fault}" if reading.fault else "")
            await self._clock.sleep(self._settings.backup.ship_seconds)

    def _tell(self, fault: str) -> None:
        """Once, and once more when it is over."""
        if fault != self._fault:
            self._told(fault or "the write-ahead log is stored again")
        self._fault = fault

    async def _due(self) -> bool:
        now = self._clock.now()
        if self._tried is not None and now - self._tried < _AGAIN and await self._failed_last():
            return False
        records = self._platform.records
        newest = await history.newest(records)
        if newest is not None and await history.full_wanted(records):
            return True
        at = newest.begun_at if newest else None
        return schedule.due(at, self._begun, now, self._settings.backup)

    async def _failed_last(self) -> bool:
        return await history.failure(self._platform.records) is not None

    async def _make(self) -> None:
        """One backup, looked at; old ones go only once there is a good new one."""
        arguments = (self._platform, self._settings, self._clock, _quiet)
        failure: Failure | None = None
        try:
            made = await create(*arguments)
            found = await verify(*arguments, backup=made.id)
            bad = [fault for one in found if one.outcome is VerifyOutcome.BAD for fault in one.faults]
            if bad:
                failure = Failure(self._clock.now(), f"{made.id} is not as it was written: {bad[0]}")
            else:
                self._told(f"backup {made.id} ({made.kind}) made and verified")
                await prune(*arguments)
        except LeaseHeldError:
            return  # the next cycle tries again
        except (XiongError, OSError) as error:
            words = error.message if isinstance(error, XiongError) else str(error)
            failure = Failure(self._clock.now(), " ".join(words.split())[:300])
        await history.keep_failure(self._platform.records, failure)
        self._metrics.ended(good=failure is None)
        if failure is not None:
            self._told(f"no good backup was made: {failure.why}")


def _quiet(_: str) -> None:
    """How far it is interests nobody in the background."""


def _ended(task: asyncio.Task[None] | None) -> bool:
    return task is None or task.done()
