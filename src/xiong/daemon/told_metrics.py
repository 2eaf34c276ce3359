"""The metrics of operators' notices and of drills, read from their records. Beside `exporter.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xiong.daemon.observation import Observation
from xiong.model.drill import DrillOutcome, DrillResult
from xiong.operations.drill import score
from xiong.operations.notices import counts, waiting_since
from xiong.platforms.base import RecordStore


class ToldMetrics(Collector):
    """What was told and rehearsed; the records are read in each cycle."""

    def __init__(self, records: RecordStore, drills: Sequence[str], stale: timedelta) -> None:
        self._records = records
        self._drills = drills
        self._stale = stale
        self._notices: Mapping[str, int] = dict.fromkeys(("sent", "failed", "recorded"), 0)
        self._waiting: datetime | None = None
        self._newest: Mapping[str, DrillResult] = {}
        self._names: list[str] = []

    async def read(self, seen: Observation) -> None:
        """What the records say now.

        Raises:
            XiongError: a record cannot be read.
        """
        self._notices = await counts(self._records)
        self._waiting = await waiting_since(self._records, seen.at)
        names = await self._records.names("drills")
        if names != self._names:
            self._newest, self._names = await score.newest(self._records), names

    def collect(self) -> Iterator[Metric]:
        """All families; called by the registry."""
        told = CounterMetricFamily("xiong_notices", "Operators' notices by outcome", labels=("outcome",))
        for outcome, count in self._notices.items():
            told.add_metric((outcome,), count)
        yield told
        yield GaugeMetricFamily(
            "xiong_notice_oldest_waiting_timestamp_seconds",
            "Since when a notice waits for anybody to take it; 0 for none",
            value=self._waiting.timestamp() if self._waiting else 0.0,
        )
        yield self._of_drills("last_timestamp_seconds", "When it last ended; 0 for never", _ended)
        yield self._of_drills("last_passed", "1 if it passed the last time", _passed)
        yield self._of_drills("heal_seconds", "How long healing took the last time", _heal_seconds)
        yield GaugeMetricFamily(
            "xiong_drill_stale_seconds",
            "How long a drill that passed proves anything",
            value=self._stale.total_seconds(),
        )

    def _of_drills(self, name: str, text: str, value: Callable[[DrillResult], float]) -> Metric:
        family = GaugeMetricFamily(f"xiong_drill_{name}", text, labels=("drill",))
        for drill in self._drills:
            newest = self._newest.get(drill)
            family.add_metric((drill,), value(newest) if newest else 0.0)
        return family


def _ended(result: DrillResult) -> float:
    return result.begun_at.timestamp() + result.seconds


def _passed(result: DrillResult) -> float:
    return float(result.outcome is DrillOutcome.PASSED)


def _heal_seconds(result: DrillResult) -> float:
    measure = result.measure("heal")
    return measure.seconds or 0.0 if measure else 0.0
