"""The two promises of the service and how much of their error budget is left; pure, shown by the console."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.console.series import Totals

QUICK_SECONDS = 10.0
AVAILABILITY = 0.995
QUICK_SHARE = 0.95


@dataclass(frozen=True)
class Objective:
    """One promise over the known window.

    Attributes:
        name: availability or latency.
        target: the share that is promised.
        good, total: what counts.
    """

    name: str
    target: float
    good: float
    total: float

    @property
    def share(self) -> float | None:
        """The share that was kept; None without anything to count."""
        return self.good / self.total if self.total else None

    @property
    def left(self) -> float | None:
        """The part of the error budget that is left; below 0 the promise is broken."""
        if self.share is None:
            return None
        return 1 - (1 - self.share) / (1 - self.target)

    @property
    def tone(self) -> str:
        """How it looks: ok, warn below a quarter, bad when nothing is left, quiet without traffic."""
        if self.left is None:
            return "quiet"
        return "bad" if self.left <= 0 else "warn" if self.left < 0.25 else "ok"


def objectives(totals: Totals) -> tuple[Objective, ...]:
    """Both promises."""
    answered = totals.requests - totals.errors
    return (
        Objective("availability", AVAILABILITY, answered, totals.requests),
        Objective("latency", QUICK_SHARE, totals.quick, totals.chats),
    )
