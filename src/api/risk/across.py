"""Learns from all files but one and scores that one, for each in turn; used by `python -m api.risk across`.

Each file was written by itself, so this is what the evidence is worth on words from elsewhere. The rules are
the shipped ones and know most of the files: only those they do not know are measured without favour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from api.risk.evidence import EvidenceScorer
from api.risk.labelled import Line, Score, read_lines, score_lines
from api.risk.learning import Example, learnt_weights
from api.risk.model import Level
from api.risk.rule_engine import RuleEngine
from api.risk.rule_files import RuleSet


def examples_of(engine: RuleEngine, lines: Sequence[Line]) -> list[Example]:
    """The labelled ones of the lines, as the learner wants them."""
    return [
        Example(engine.features(line.text), line.level, line.categories)
        for line in lines
        if line.level is not None
    ]


def across(rules: RuleSet, files: Sequence[Path]) -> Iterator[str]:
    """One row of the table a file, then one of all; each comes when it is known, which takes a while."""
    engine = RuleEngine(rules)
    lines = {file: list(read_lines(file)) for file in files}
    examples = {file: examples_of(engine, lines[file]) for file in files}
    heads = f"{'IMMINENT raised':>18}{'NONE raised':>18}{'level':>8}{'categories':>12}"
    yield f"{'left out':<14}{'lines':>6}{heads}"
    whole = Score()
    for file in files:
        others = [example for other in files if other != file for example in examples[other]]
        scorer = EvidenceScorer(rules.reader, learnt_weights(others))
        judge = RuleEngine(replace(rules, scorer=scorer))
        score = score_lines((line, judge.assess(line.text, line.history)) for line in lines[file])
        whole.join(score)
        yield _row(file.stem, score)
    yield _row("all", whole)


def _row(name: str, score: Score) -> str:
    raised, alarmed = (_share(*score.raised(level)) for level in (Level.IMMINENT, Level.NONE))
    lines = sum(score.levels.values())
    exact = sum(count for (true, said), count in score.levels.items() if true is said)
    return (
        f"{name:<14}{lines:>6}{raised:>18}{alarmed:>18}"
        f"{exact / lines:>8.1%}{score.exact_categories / lines:>12.1%}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} {part / whole:.1%}" if whole else "-"
