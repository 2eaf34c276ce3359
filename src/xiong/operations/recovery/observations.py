"""What the healer decides on, and the record of it that a replay reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from xiong.model.documents import from_document, to_document
from xiong.model.health import Finding
from xiong.platforms.base import RecordStore

KIND = "observations"
KEPT_HOURS = 168
EVERY = timedelta(seconds=60)


@dataclass(frozen=True)
class Observation:
    """One look, and what stands in the way of acting on it.

    Attributes:
        at: UTC.
        findings: what each check found.
        standing: {check: when it was looked at} of those whose finding is from an earlier look.
        lease: what somebody holds the lease for, and who; empty when it is free.
        paused_until: until when a human wants nothing to be done, if that is.
        resumed_at: when a human last let it go on.
        deployed_at: when the release that runs was deployed; None where it came by a rollback, or is the
            first.
        acting: the action that is being carried out, or empty.
    """

    at: datetime
    findings: tuple[Finding, ...] = ()
    standing: dict[str, datetime] = field(default_factory=dict)
    lease: str = ""
    paused_until: datetime | None = None
    resumed_at: datetime | None = None
    deployed_at: datetime | None = None
    acting: str = ""

    def of(self, check: str) -> Finding | None:
        """What that check found."""
        return next((f for f in self.findings if f.check == check), None)

    def looked_at(self, check: str) -> datetime:
        """When that check was looked at."""
        return self.standing.get(check, self.at)


def compact(seen: Observation) -> Observation:
    """Without what no decision depends on."""
    brief = tuple(replace(f, hint="", figures=(), seconds=0.0) for f in seen.findings)
    return replace(seen, findings=brief)


def differs(one: Observation, other: Observation) -> bool:
    """Whether anything else is seen; numbers that move within a summary are nothing else."""
    return _essence(one) != _essence(other)


def _essence(seen: Observation) -> tuple[Any, ...]:
    findings = tuple((f.check, f.verdict, f.cause, f.ill, f.of) for f in seen.findings)
    return findings, seen.lease, seen.paused_until, seen.resumed_at, seen.deployed_at, seen.acting


def document_of(seen: Observation) -> dict[str, Any]:
    """As it is recorded; fields that hold their default are left out."""
    document: dict[str, Any] = to_document(compact(seen))
    document["findings"] = [_brief(f, keep={"check", "verdict", "summary"}) for f in document["findings"]]
    return _brief(document, keep={"at", "findings"})


def _brief(document: dict[str, Any], keep: set[str]) -> dict[str, Any]:
    return {k: v for k, v in document.items() if v or k in keep}


def observation_of(document: dict[str, Any]) -> Observation:
    """What `document_of` made that document from, as far as it was recorded."""
    return from_document(Observation, document)


class ObservationLog:
    """Writes observations by the hour: whatever differs, else one a minute."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._last: Observation | None = None
        self._hour = ""
        self._kept: list[dict[str, Any]] = []

    async def keep(self, seen: Observation) -> None:
        """Records it where it is worth it; hours beyond a week are forgotten.

        Raises:
            XiongError: it cannot be written; the next one is tried again.
        """
        last = self._last
        if last is not None and seen.at - last.at < EVERY and not differs(seen, last):
            return
        hour = f"{seen.at:%Y-%m-%dT%H}"
        if hour != self._hour:
            document = await self._records.read(KIND, hour)
            self._kept, self._hour = (document or {}).get("observations", []), hour
        kept = [*self._kept, document_of(seen)]
        await self._records.write(KIND, hour, {"observations": kept})
        if len(kept) == 1:
            await self._forget()
        self._kept, self._last = kept, seen

    async def _forget(self) -> None:
        for name in (await self._records.names(KIND))[:-KEPT_HOURS]:
            await self._records.delete(KIND, name)


async def recorded(records: RecordStore) -> list[Observation]:
    """All that is kept, oldest first."""
    hours = [await records.read(KIND, name) for name in await records.names(KIND)]
    return [observation_of(o) for hour in hours if hour for o in hour["observations"]]
