"""What a risk assessment says: level, categories, and why.

Used by the chat route (to answer and to page), by the metrics (labels) and by `python -m api.risk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class Level(IntEnum):
    """How great the danger is; ordered, so that `max` is the worse one."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    IMMINENT = 4


CATEGORIES = (
    "suicide",
    "self_harm",
    "violence",
    "drug_use",
    "relapse",
    "overdose",
    "crime",
    "mental_health",
)


@dataclass(frozen=True)
class Match:
    """One rule that spoke.

    Attributes:
        rule: its name in the rule file.
        start: offset of its first character in the original text.
        end: offset after its last.
    """

    rule: str
    start: int
    end: int


@dataclass(frozen=True)
class Assessment:
    """The verdict over one message (in the light of the conversation before it).

    Attributes:
        level: the worst level any rule gives.
        categories: subset of CATEGORIES, in that order; empty exactly where the level is NONE.
        matches: the rules that spoke, in text order.
    """

    level: Level
    categories: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()


class RiskAssessor(Protocol):
    """Judges a message; must not raise, must not do I/O, takes at most a few milliseconds."""

    def assess(self, text: str, history: tuple[str, ...] = ()) -> Assessment:
        """Judges `text`; `history` holds the person's earlier messages, oldest first."""
        ...
