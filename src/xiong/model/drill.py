"""How a drill went: measured by `operations/drill`, shown, signed, and read by the check `drills`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DrillOutcome(StrEnum):
    """NOT_RUN says why it cannot be run here; it is neither kept nor counted as passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Measure:
    """One thing that a drill measures.

    Attributes:
        name: detect, told, page or heal.
        seconds: how long it took; None where it did not happen, or was not looked at.
        limit: what is promised, in seconds; None is only shown.
        why: why there are no seconds, in words, or empty.
        judged: False where it is not promised, or cannot be looked at here.
    """

    name: str
    seconds: float | None
    limit: float | None
    why: str = ""
    judged: bool = True

    @property
    def kept(self) -> bool:
        """Whether the promise was kept; True where nothing is judged."""
        if not self.judged or self.limit is None:
            return True
        return self.seconds is not None and self.seconds <= self.limit


@dataclass(frozen=True)
class Load:
    """What became of the messages that were sent all through a drill.

    Attributes:
        sent: messages.
        unanswered: those whose first try got no answer, or an error.
        unexcused: those among them that the drill's limits do not excuse.
        lost: messages that never got through, or were answered and are not stored.
        slowest_seconds: the slowest answer of a first try.
    """

    sent: int = 0
    unanswered: int = 0
    unexcused: int = 0
    lost: int = 0
    slowest_seconds: float = 0.0


@dataclass(frozen=True)
class DrillResult:
    """One run of one drill.

    Attributes:
        id: sorts by time.
        drill: its name.
        title: what happens, one line.
        begun_at: UTC.
        seconds: the whole run.
        platform: where it ran.
        release: the release that ran.
        outcome: see `DrillOutcome`.
        why: what was not as promised, or why it was not run, in words; no personal data.
        injected: what was done, in words.
        measures: detect, told, page, heal, in this order.
        load: the messages.
    """

    id: str
    drill: str
    title: str
    begun_at: datetime
    seconds: float
    platform: str
    release: str
    outcome: DrillOutcome
    why: tuple[str, ...] = ()
    injected: str = ""
    measures: tuple[Measure, ...] = ()
    load: Load = Load()

    def measure(self, name: str) -> Measure | None:
        """The measure of that name, None where the drill was not run."""
        return next((measure for measure in self.measures if measure.name == name), None)


@dataclass(frozen=True)
class DrillRun:
    """One call of `xiong drill`.

    Attributes:
        begun_at: UTC.
        seconds: the whole call.
        platform: where it ran.
        results: one for each drill asked for, in order.
        report: where the signed report was written, or None.
    """

    begun_at: datetime
    seconds: float
    platform: str
    results: tuple[DrillResult, ...]
    report: str | None = None

    def count(self, outcome: DrillOutcome) -> int:
        """How many drills ended so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def passed(self) -> bool:
        """Whether none failed and at least one was run."""
        return not self.count(DrillOutcome.FAILED) and self.count(DrillOutcome.PASSED) > 0


@dataclass(frozen=True)
class DrillHistory:
    """Drills that were run, newest first."""

    results: tuple[DrillResult, ...]
