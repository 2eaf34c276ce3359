"""The metrics of backups and of the write-ahead log's way out. Beside `exporter.py`."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xiong.config.settings import Settings
from xiong.model.backup import RpoReading, VerifyOutcome
from xiong.operations.backup import history
from xiong.operations.backup.history import BackupRecord
from xiong.platforms.base import RecordStore

_HOUR = 3600.0
_VERIFIED = {None: -1.0, VerifyOutcome.BAD: 0.0, VerifyOutcome.GOOD: 1.0}


class BackupMetrics(Collector):
    """What was made and shipped; every child exists from the start."""

    def __init__(self, records: RecordStore, settings: Settings) -> None:
        self._records = records
        wanted = settings.backup
        makes, ships = (
            wanted.enabled and settings.database.url is None,
            settings.streams_log or settings.archives_log,
        )
        # 0 where there is nothing to hold against it
        self._stale_seconds = wanted.stale_hours * _HOUR if makes else 0.0
        self._limit_seconds = wanted.rpo_seconds if ships else 0.0
        self._newest: BackupRecord | None = None
        self._good: BackupRecord | None = None
        self._failed = False
        self._made = {"good": 0, "failed": 0}
        self._reading: RpoReading | None = None
        self._objects = 0

    async def read(self) -> None:
        """What the records say now, whoever made the backup.

        Raises:
            XiongError: a record cannot be read.
        """
        self._newest = await history.newest(self._records)
        self._good = await history.newest_good(self._records)
        self._failed = await history.failure(self._records) is not None

    def ended(self, *, good: bool) -> None:
        """An attempt of the daemon."""
        self._made["good" if good else "failed"] += 1

    def shipped(self, reading: RpoReading, objects: int) -> None:
        """A pass, and how many objects were written since the daemon began."""
        self._reading, self._objects = reading, objects

    def collect(self) -> Iterator[Metric]:
        """All families; called by the registry."""
        good, newest, reading = self._good, self._newest, self._reading
        yield _gauge(
            "last_timestamp_seconds",
            "When the newest good one was begun; 0 for never",
            good.begun_at.timestamp() if good else 0.0,
        )
        yield _gauge("last_failed", "1 if the last attempt made no good one", float(self._failed))
        yield _gauge("stale_seconds", "Age from which on one is too old", self._stale_seconds)
        yield _gauge("seconds", "How long the newest one took", newest.seconds if newest else 0.0)
        yield _gauge(
            "stored_bytes", "Size of the newest one in a repository", newest.stored_bytes if newest else 0.0
        )
        yield _gauge(
            "verified",
            "1 if the newest one was found good, 0 if damaged, -1 if not looked at",
            _VERIFIED[newest.verified] if newest else -1.0,
        )
        made = CounterMetricFamily("xiong_backups", "Backups by watch, by outcome", labels=("outcome",))
        for outcome, count in self._made.items():
            made.add_metric((outcome,), count)
        yield made
        yield from self._of_the_log(reading)

    def _of_the_log(self, reading: RpoReading | None) -> Iterator[Metric]:
        seconds = reading.seconds if reading else None
        stored = reading.stored_seconds if reading else None
        yield _gauge(
            "rpo_seconds",
            "What would be lost with the data folder; -1 for unknown",
            -1.0 if seconds is None else seconds,
        )
        yield _gauge(
            "rpo_stored_seconds",
            "What would be lost with the whole machine; -1 for unknown",
            -1.0 if stored is None else stored,
        )
        yield _gauge("rpo_limit_seconds", "How much is meant at most", self._limit_seconds)
        yield _gauge(
            "log_last_pass_timestamp_seconds",
            "When the log was looked at last; 0 for never",
            reading.at.timestamp() if reading else 0.0,
        )
        yield _gauge(
            "log_failing", "1 if the last pass was not stored", float(bool(reading and reading.fault))
        )
        yield _gauge(
            "log_waiting_bytes", "Received and not stored yet", reading.spool_bytes if reading else 0.0
        )
        yield CounterMetricFamily(
            "xiong_backup_log_objects", "Pieces of the log written to repositories", value=self._objects
        )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"xiong_backup_{name}", text, value=value)
