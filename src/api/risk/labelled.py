"""Reads labelled or unlabelled lines (JSONL) for `python -m api.risk` and adds up its scores."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from api.risk.model import CATEGORIES, Assessment, Level


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was said, what came before, and (where labelled) what it is."""

    id: str
    text: str
    history: tuple[str, ...] = ()
    level: Level | None = None
    categories: tuple[str, ...] = ()


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a JSONL file; empty lines are passed over."""
    with path.open(encoding="utf-8") as lines:
        for text in lines:
            if text.strip():
                entry = json.loads(text)
                yield Line(
                    id=str(entry["id"]),
                    text=entry["text"],
                    history=tuple(entry.get("history", ())),
                    level=Level[entry["level"]] if "level" in entry else None,
                    categories=tuple(c for c in CATEGORIES if c in entry.get("categories", ())),
                )


def prediction(line: Line, assessment: Assessment) -> dict[str, object]:
    """What `predict` prints of one line."""
    return {
        "id": line.id,
        "level": assessment.level.name,
        "categories": list(assessment.categories) or ["none"],
        "rules": sorted({match.rule for match in assessment.matches}),
    }


@dataclass
class Score:
    """Counts over labelled lines."""

    levels: Counter[tuple[Level, Level]] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    true: Counter[str] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)
    exact_categories: int = 0

    def add(self, line: Line, assessment: Assessment) -> None:
        """Counts one line."""
        if line.level is None:
            message = f"line {line.id}: no level, cannot be scored"
            raise ValueError(message)
        self.levels[line.level, assessment.level] += 1
        self.said.update(assessment.categories)
        self.true.update(line.categories)
        self.both.update(set(assessment.categories) & set(line.categories))
        self.exact_categories += assessment.categories == line.categories

    def join(self, other: Score) -> None:
        """Adds the counts of another score."""
        self.levels += other.levels
        self.said += other.said
        self.true += other.true
        self.both += other.both
        self.exact_categories += other.exact_categories

    def raised(self, true: Level) -> tuple[int, int]:
        """Of the lines of that level, how many were raised to HIGH or above, and how many there are."""
        row = {said: count for (level, said), count in self.levels.items() if level is true}
        return sum(count for said, count in row.items() if said >= Level.HIGH), sum(row.values())

    def report(self) -> str:
        """The whole table, as text."""
        total = sum(self.levels.values())
        exact = sum(count for (true, said), count in self.levels.items() if true is said)
        lines = [
            _share("lines of IMMINENT raised to HIGH or above", *self.raised(Level.IMMINENT)),
            _share("lines of NONE raised to HIGH or above", *self.raised(Level.NONE)),
            _share("exact level", exact, total),
            _share("exact categories", self.exact_categories, total),
            "",
            "true \\ said " + "".join(f"{level.name:>10}" for level in Level),
        ]
        lines += [self._row(true) for true in Level]
        lines += ["", f"{'category':<15}{'precision':>10}{'recall':>10}{'lines':>8}"]
        lines += [self._category(category) for category in CATEGORIES]
        return "\n".join(lines)

    def _row(self, true: Level) -> str:
        return f"{true.name:<12}" + "".join(f"{self.levels[true, said]:>10}" for said in Level)

    def _category(self, category: str) -> str:
        both, said, true = self.both[category], self.said[category], self.true[category]
        precision = f"{both / said:.3f}" if said else "-"
        recall = f"{both / true:.3f}" if true else "-"
        return f"{category:<15}{precision:>10}{recall:>10}{true:>8}"


def _share(what: str, part: int, whole: int) -> str:
    return f"{what}: {part}/{whole}" + (f" ({part / whole:.1%})" if whole else "")


def score_lines(pairs: Iterable[tuple[Line, Assessment]]) -> Score:
    """Counts them all."""
    score = Score()
    for line, assessment in pairs:
        score.add(line, assessment)
    return score
