"""What was proved, what was not, and why: the rows that every area gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    PROVED = "proved"
    GAP = "gap"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Proof:
    """One artifact on its real component.

    Attributes:
        area: alerts, dashboards.
        artifact: an alert with its severity, a panel, a metric.
        verdict: proved, gap (it ran and did not hold) or not run (its component is not here).
        steps: {what was seen: how}, e.g. fire: 5.2 s.
        why: what was missing, in words.
    """

    area: str
    artifact: str
    verdict: Verdict
    steps: dict[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Matrix:
    """All rows.

    Attributes:
        proofs: by area, in the order of the artifacts.
        required: whether a row that was not run is a gap too.
        seconds: how long it took.
    """

    proofs: tuple[Proof, ...]
    required: bool
    seconds: float

    def count(self, verdict: Verdict) -> int:
        return sum(1 for proof in self.proofs if proof.verdict is verdict)

    def whole(self) -> bool:
        """No gap; with `required` nothing that was not run either."""
        return not self.count(Verdict.GAP) and not (self.required and self.count(Verdict.NOT_RUN))
