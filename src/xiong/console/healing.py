"""What the deep checks found and the healer makes of it, from the records of `xiong watch`. For `board`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xiong.config.settings import Settings
from xiong.model.documents import from_document
from xiong.model.drill import DrillResult
from xiong.model.health import Finding, HealthReport, Verdict
from xiong.model.recovery import ActionRecord, Condition, Decision, GuardVerdict
from xiong.operations.drill import score
from xiong.operations.recovery.ledger import Ledger
from xiong.operations.recovery.pause import Pause, read_pause
from xiong.platforms.base import RecordStore

# The daemon writes a report at least every ten seconds, even when it finds the same.
_SILENT = timedelta(minutes=1)
_ACTIONS_SHOWN = 5


@dataclass(frozen=True)
class Checked:
    """A check and where the healer sees it.

    Attributes:
        finding: what was found last.
        condition: healthy, suspect, observing or frozen.
        why: what the healer makes of it, in words, or empty.
        refusals: the guards that keep it from acting now.
    """

    finding: Finding
    condition: Condition = Condition.HEALTHY
    why: str = ""
    refusals: tuple[GuardVerdict, ...] = ()


@dataclass(frozen=True)
class Healing:
    """One look.

    Attributes:
        at: when the daemon last looked; None where it never did.
        silent: whether that is too long ago to be relied on.
        off: whether nothing is healed by itself here.
        shadow: whether the healer only says what it would do.
        checks: in the order of what depends on what.
        pause: what keeps the healer from acting, or None.
        actions: newest first.
        drills: the newest result of each drill, newest first.
        stale: how long a drill proves anything.
    """

    at: datetime | None
    silent: bool = False
    off: bool = False
    shadow: bool = False
    checks: tuple[Checked, ...] = ()
    pause: Pause | None = None
    actions: tuple[ActionRecord, ...] = ()
    drills: tuple[DrillResult, ...] = ()
    stale: timedelta = timedelta.max

    @property
    def frozen(self) -> tuple[str, ...]:
        """Checks that wait for a human."""
        return self._named(one for one in self.checks if one.condition is Condition.FROZEN)

    @property
    def unhealthy(self) -> tuple[str, ...]:
        """Checks that are unhealthy and not frozen."""
        ill = (one for one in self.checks if one.finding.verdict is Verdict.UNHEALTHY)
        return self._named(one for one in ill if one.condition is not Condition.FROZEN)

    def is_stale(self, drill: DrillResult, now: datetime) -> bool:
        """Whether a drill is too old to prove anything."""
        return now - drill.begun_at > self.stale

    def _named(self, checks: Iterable[Checked]) -> tuple[str, ...]:
        """Nothing is known by a daemon that is silent."""
        return () if self.silent else tuple(one.finding.check for one in checks)


class HealingRecords:
    """Reads the records, and each of the many that never change only once."""

    def __init__(self, records: RecordStore, settings: Settings) -> None:
        self._records = records
        self._enabled = settings.recovery.enabled
        self._stale = timedelta(days=settings.drills.stale_days)
        self._ledger = Ledger(records)
        self._drills: tuple[DrillResult, ...] = ()
        self._drill_names: list[str] = []

    async def look(self, now: datetime) -> Healing:
        """What stands now.

        Raises:
            XiongError: a record cannot be read.
            ValueError: a record is not as it should be.
        """
        report = await self._records.read("recovery", "health")
        decided = (await self._records.read("recovery", "decisions") if self._enabled else None) or {}
        pause = await read_pause(self._records)
        actions = await self._ledger.read()
        found = from_document(HealthReport, report) if report else None
        decisions = [from_document(Decision, one) for one in decided.get("decisions", ())]
        return Healing(
            at=found.at if found else None,
            silent=found is not None and now - found.at > _SILENT,
            off=not self._enabled,
            shadow=bool(decided.get("shadow")),
            checks=_checks(found.findings if found else (), decisions),
            pause=pause if pause.until is not None and pause.until > now else None,
            actions=tuple(reversed(actions[-_ACTIONS_SHOWN:])),
            drills=await self._newest_drills(),
            stale=self._stale,
        )

    async def _newest_drills(self) -> tuple[DrillResult, ...]:
        names = await self._records.names("drills")
        if names != self._drill_names:
            newest = (await score.newest(self._records)).values()
            self._drills = tuple(sorted(newest, key=lambda result: result.begun_at, reverse=True))
            self._drill_names = names
        return self._drills


def _checks(findings: Sequence[Finding], decisions: Sequence[Decision]) -> tuple[Checked, ...]:
    """A check of which nothing was decided is healthy to the healer."""
    by_check = {decision.check: decision for decision in decisions}
    return tuple(_checked(finding, by_check.get(finding.check)) for finding in findings)


def _checked(finding: Finding, decision: Decision | None) -> Checked:
    if decision is None:
        return Checked(finding)
    refusals = tuple(verdict for verdict in decision.guards if not verdict.passed)
    return Checked(finding, decision.condition, decision.why, refusals)
