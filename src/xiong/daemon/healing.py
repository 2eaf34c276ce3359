"""The steps `health` and `heal` of `xiong watch`: look with all checks, then let the healer decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from xiong.config.settings import Settings
from xiong.daemon.health_metrics import HealthMetrics
from xiong.daemon.observation import Observation
from xiong.model.documents import to_document
from xiong.model.health import Finding, HealthReport
from xiong.operations.health.check import Check
from xiong.operations.health.memory import Memory as Looks
from xiong.operations.health.registry import CHECKS
from xiong.operations.health.run import examine
from xiong.operations.recovery.actions.action import Action
from xiong.operations.recovery.actions.registry import ACTIONS
from xiong.operations.recovery.heal import Healer
from xiong.operations.recovery.memory import KIND
from xiong.operations.recovery.observations import ObservationLog
from xiong.operations.recovery.pause import read_pause
from xiong.operations.recovery.policy import Policy
from xiong.operations.recovery.surroundings import observed
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

_SHOWN_EVERY = timedelta(seconds=10)


@dataclass(frozen=True)
class Looked:
    """When a check found what it found."""

    finding: Finding
    at: datetime


class Healing:
    """What both steps share; `close` it when the daemon ends."""

    def __init__(
        self,
        platform: Platform,
        settings: Settings,
        clock: Clock,
        told: Progress,
        metrics: HealthMetrics,
        *,
        checks: tuple[Check, ...] = CHECKS,
        actions: tuple[Action, ...] = ACTIONS,
    ) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._checks = checks
        self._metrics = metrics
        self._looks = Looks()
        self._looked: dict[str, Looked] = {}
        self._report: HealthReport | None = None
        self._shown: tuple[tuple[object, ...], datetime] | None = None
        self._observations = ObservationLog(platform.records)
        self._healer = Healer(
            platform,
            settings,
            clock,
            told,
            Policy(settings.recovery, checks, actions),
            self._observations,
        )

    async def look(self, _: Observation) -> None:
        """The step `health`: every check whose turn it is; what the others found stands."""
        self._report = None
        report = await examine(
            self._platform, self._settings, self._clock, memory=self._looks, checks=self._checks
        )
        for finding in report.findings:
            before = self._looked.get(finding.check)
            if before is None or before.finding is not finding:
                self._looked[finding.check] = Looked(finding, report.at)
        self._report = report
        self._metrics.looked(report, {name: seen.at for name, seen in self._looked.items()})
        await self._show(report)

    async def heal(self, seen: Observation) -> None:
        """The step `heal`: nothing is decided on a look that failed."""
        report = self._report
        if report is None:
            return
        standing = {name: one.at for name, one in self._looked.items() if one.at != report.at}
        pause = await read_pause(self._platform.records)
        what = observed(
            report,
            standing,
            at=report.at,
            lease=await self._platform.read_lease(),
            pause=pause,
            receipts=seen.receipts,
            acting=self._healer.acting,
        )
        if not self._settings.recovery.enabled:
            await self._observations.keep(what)
            return
        memory, decisions = await self._healer.cycle(what)
        self._metrics.decided(memory, decisions, paused=what.paused_until is not None)
        self._metrics.acted(await self._healer.records())

    async def close(self) -> None:
        """Cuts off an action that is being carried out."""
        await self._healer.close()

    async def _show(self, report: HealthReport) -> None:
        """The newest report as a record, for whoever looks from outside."""
        essence = tuple((f.check, f.verdict, f.cause, f.ill) for f in report.findings)
        if self._shown is not None:
            before, at = self._shown
            if before == essence and report.at - at < _SHOWN_EVERY:
                return
        await self._platform.records.write(KIND, "health", to_document(report))
        self._shown = essence, report.at
