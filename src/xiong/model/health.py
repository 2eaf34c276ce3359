"""What a deep check found. Made by `operations/health`, read by the healer, `status`, metrics and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """DEGRADED still does its work; NOT_RUN could not be looked at here, and says why."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Figure:
    """A number that was seen.

    Attributes:
        name: what it is, e.g. `idle in transaction`.
        value: in `unit`.
        unit: `s`, `bytes`, `share`, or empty for a count.
        limit: the threshold that it was held against, in the same unit; None where there is none.
    """

    name: str
    value: float
    unit: str = ""
    limit: float | None = None


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: its name, e.g. `database`.
        verdict: see `Verdict`.
        summary: what was seen, in words, one line; no personal data.
        hint: the next command to type, or empty.
        figures: the numbers behind it.
        ill: names of the instances that are not well, e.g. `api-1`; empty where it is about no instance.
        of: how many instances were looked at; 0 where it is about no instance.
        cause: a stable word for what is wrong, which the healer's actions are chosen by
            (`down`, `hung`, `idle-in-transaction`, `disk-full`, …); empty when healthy.
        seconds: how long it took.
    """

    check: str
    verdict: Verdict
    summary: str
    hint: str = ""
    figures: tuple[Figure, ...] = ()
    ill: tuple[str, ...] = ()
    of: int = 0
    cause: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class HealthReport:
    """All findings of one look.

    Attributes:
        at: when it began, UTC.
        verdict: the worst of the findings; NOT_RUN ones do not count.
        findings: in the order of the checks.
        seconds: the whole look.
    """

    at: datetime
    verdict: Verdict
    findings: tuple[Finding, ...]
    seconds: float

    def of(self, check: str) -> Finding | None:
        """The finding of a check, None where it was not among those looked at."""
        return next((finding for finding in self.findings if finding.check == check), None)


_WORSE = (Verdict.NOT_RUN, Verdict.HEALTHY, Verdict.DEGRADED, Verdict.UNHEALTHY)


def worst(findings: tuple[Finding, ...]) -> Verdict:
    """The worst verdict; HEALTHY where nothing was looked at."""
    return max((f.verdict for f in findings), key=_WORSE.index, default=Verdict.HEALTHY)
