"""Prediction and scoring over JSON lines, behind `python -m redaction predict|score`.

A labelled span counts as found when at least 80 % of its characters are covered by predictions of its kind.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redaction.engine import find

_SHARE = 0.8

Labelled = tuple[int, int, str]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file with one per line."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def predict(text: str) -> list[Labelled]:
    """What `find` says, as plain tuples."""
    return [(span.start, span.end, span.kind.value) for span in find(text)]


def prediction_line(line: dict[str, Any]) -> str:
    """One line of output: the id and the spans."""
    spans = [{"start": start, "end": end, "type": kind} for start, end, kind in predict(line["text"])]
    return json.dumps({"id": line["id"], "spans": spans}, ensure_ascii=False)


def covered(span: Labelled, by: Sequence[Labelled], *, same_kind: bool = True) -> float:
    """The share of the span's characters that predictions cover."""
    start, end, kind = span
    places = {
        place
        for other_start, other_end, other_kind in by
        if not same_kind or other_kind == kind
        for place in range(max(start, other_start), min(end, other_end))
    }
    return len(places) / (end - start)


@dataclass
class Score:
    """Counts over a file."""

    lines: int = 0
    clean_lines: int = 0
    clean_changed: int = 0
    wanted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    other_kind: Counter[str] = field(default_factory=Counter)
    false_masks: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def add(self, line: dict[str, Any]) -> None:
        """Count one line."""
        text = line["text"]
        wanted: list[Labelled] = [(span["start"], span["end"], span["type"]) for span in line["spans"]]
        got = predict(text)
        self.lines += 1
        if not wanted:
            self.clean_lines += 1
            self.clean_changed += bool(got)
        for span in wanted:
            self._add_wanted(str(line["id"]), text, span, got)
        for span in got:
            if covered(span, wanted, same_kind=False) == 0:
                self.false_masks[span[2]] += 1
                self.remarks.append(f"{line['id']}: false {span[2]} {text[span[0] : span[1]]!r} in {text!r}")

    def _add_wanted(self, name: str, text: str, span: Labelled, got: Sequence[Labelled]) -> None:
        kind = span[2]
        self.wanted[kind] += 1
        if covered(span, got) >= _SHARE:
            self.found[kind] += 1
            return
        as_other = covered(span, got, same_kind=False) >= _SHARE
        self.other_kind[kind] += as_other
        self.remarks.append(
            f"{name}: {'other kind' if as_other else 'missed'} {kind} {text[span[0] : span[1]]!r} in {text!r}"
        )

    def report(self) -> str:
        """A table of recall and false masks per kind, and the share of clean lines changed."""
        rows = [f"{'kind':<15}{'labelled':>9}{'found':>7}{'recall':>9}{'other kind':>12}{'false masks':>13}"]
        for kind in sorted(self.wanted.keys() | self.false_masks.keys()):
            wanted, found = self.wanted[kind], self.found[kind]
            recall = f"{found / wanted:.1%}" if wanted else "-"
            rows.append(
                f"{kind:<15}{wanted:>9}{found:>7}{recall:>9}{self.other_kind[kind]:>12}"
                f"{self.false_masks[kind]:>13}"
            )
        share = self.clean_changed / self.clean_lines if self.clean_lines else 0.0
        rows.append(f"clean lines changed: {self.clean_changed} of {self.clean_lines} ({share:.2%})")
        return "\n".join(rows)


def score(lines: Iterable[dict[str, Any]]) -> Score:
    """The score of the rules on labelled lines."""
    total = Score()
    for line in lines:
        total.add(line)
    return total
