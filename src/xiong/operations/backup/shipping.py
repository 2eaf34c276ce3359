"""Keeps the write-ahead log on its way: marks it, ships it, measures what would be lost. Used by `watch`."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from xiong.config.settings import Settings
from xiong.datastores import postgres_facts
from xiong.datastores.postgres_facts import Marker
from xiong.errors import PlatformError, XiongError
from xiong.model.backup import RpoReading
from xiong.operations.backup import history, lsn
from xiong.operations.backup.history import Cluster
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.repository import repositories_of
from xiong.operations.backup.rpo import RpoMeter
from xiong.operations.backup.wal import Shipped, Shipper
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock

_KEPT_EVERY, _ASKED_EVERY = timedelta(seconds=5), timedelta(minutes=1)
_MIB = 1 << 20


class LogShipping:
    """One pass after another; `close` it at the end."""

    def __init__(self, platform: Platform, settings: Settings, clock: Clock) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._meter = RpoMeter()
        self._shipper: Shipper | None = None
        self._marker: Marker | None = None
        self._held = False
        self._ships: Cluster | None = None
        self._asked: datetime | None = None
        self._kept: datetime | None = None
        self.objects = 0

    async def once(self) -> RpoReading:
        """Marks, ships and measures; what keeps the log from being stored stands in the result."""
        spool, fault = await self._platform.stores.wal_spool(), ""
        try:
            await self._mark()
        except XiongError as error:
            fault = error.message  # what was received before is shipped all the same
        try:
            shipped = await (await self._made(spool)).ship()
            self.objects += shipped.objects
            self._meter.reached(received=shipped.received, stored=shipped.stored)
        except (XiongError, OSError) as error:
            fault = error.message if isinstance(error, XiongError) else str(error)
            await self._received()
        waiting = await asyncio.to_thread(_waiting, spool)
        await self._hold(waiting)
        restorable = await history.newest_good(self._platform.records) is not None
        reading = self._meter.reading(
            self._clock.now(), restorable=restorable, fault=fault, spool_bytes=waiting
        )
        await self._keep(reading)
        return reading

    async def close(self) -> None:
        """Ends its connection."""
        if self._marker is not None:
            await self._marker.close()

    async def _mark(self) -> None:
        if self._marker is None:
            self._marker = Marker(await self._platform.stores.access("postgres", superuser=True))
        at = self._clock.now()
        self._meter.marked(lsn.number(await self._marker.mark()), at)

    async def _made(self, spool: Path) -> Shipper:
        now = self._clock.now()
        stale = self._asked is None or now - self._asked >= _ASKED_EVERY
        if self._shipper is None or stale or self._shipper.foreign:
            cluster, self._asked = await self._cluster(), now
            if self._shipper is not None and cluster == self._ships:
                self._shipper.foreign = False
                return self._shipper
            self._ships = cluster
            keys = await keys_of(self._platform, self._settings)
            repositories = await repositories_of(self._platform, self._settings, keys)
            self._shipper = Shipper(spool, repositories, keys, cluster.system_id, cluster.segment_bytes)
        return self._shipper

    async def _cluster(self) -> Cluster:
        """The server says whose log it is; where it is gone, what was noted."""
        records = self._platform.records
        try:
            access = await self._platform.stores.access("postgres", superuser=True)
            facts = await postgres_facts.facts(access)
        except PlatformError:
            noted = await history.cluster(records)
            if noted is None:
                raise
            return noted
        await history.keep_cluster(records, Cluster(facts.system_id, facts.segment_bytes))
        return Cluster(facts.system_id, facts.segment_bytes)

    async def _received(self) -> None:
        """Without a repository, what lies in the spool outlives the data folder still."""
        if self._shipper is not None:
            here: Shipped = await self._shipper.look()
            self._meter.reached(received=here.received, stored=0)

    async def _hold(self, waiting: int) -> None:
        """Ends the receiver while more waits here than is meant; the server then keeps the log itself.

        It is never just stopped in its tracks: a server that cannot tell it of its end stops checkpointing.
        """
        full = waiting > self._settings.backup.spool_keep_mb * _MIB
        if full == self._held or not self._settings.streams_log:
            return
        if full:
            await self._platform.stores.hold_log()
        else:
            await self._platform.stores.receive_log(_quiet)
        self._held = full

    async def _keep(self, reading: RpoReading) -> None:
        if self._kept is None or reading.at - self._kept >= _KEPT_EVERY:
            await history.keep_rpo(self._platform.records, reading)
            self._kept = reading.at


def _quiet(_: str) -> None:
    """Nobody looks on."""


def _waiting(spool: Path) -> int:
    """Whole segments that are not stored; the one that is being written always waits."""
    return sum(path.stat().st_size for path in spool.iterdir() if lsn.is_segment(path.name))
