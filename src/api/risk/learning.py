"""Learns the weights of `rules/evidence.yaml` from labelled lines; used by `python -m api.risk learn`.

Plain Python on purpose: it runs in the service's own environment, takes a minute or two, and gives the same
weights for the same lines. Nothing of it is imported while the service runs.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from api.risk.evidence import CATEGORY_SETS, OUTPUTS, scale_of
from api.risk.model import Level

_LEVELS = len(Level)
_BIAS = "=bias"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled line, as features."""

    features: frozenset[str]
    level: Level
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to learn.

    Attributes:
        rounds: passes over the lines.
        rate: size of a step (AdaGrad).
        decay: how strongly weights are pulled to zero.
        seen_single: how many lines a feature must be in to be used.
        seen_pair: the same for a pair of fields.
        imminent_counts: how much more a line of IMMINENT counts than another.
    """

    rounds: int = 7
    rate: float = 0.6
    decay: float = 0.0004
    seen_single: int = 2
    seen_pair: int = 3
    imminent_counts: float = 1.5


def learn(examples: Sequence[Example], recipe: Recipe | None = None) -> dict[str, list[float]]:
    """The weights, one list (in the order of OUTPUTS) a feature, "=bias" among them."""
    recipe = recipe or Recipe()
    vocabulary = _vocabulary(examples, recipe)
    lines = [(sorted(e.features & vocabulary), e) for e in examples]
    weights = {name: [0.0] * len(OUTPUTS) for name in (*sorted(vocabulary), _BIAS)}
    squares = {name: [1e-4] * len(OUTPUTS) for name in weights}
    order = random.Random(17)  # noqa: S311 - the order of lines, not a secret
    for _ in range(recipe.rounds):
        order.shuffle(lines)
        for names, example in lines:
            _step(weights, squares, names, example, recipe)
    return weights


def _vocabulary(examples: Iterable[Example], recipe: Recipe) -> set[str]:
    counts = Counter(name for example in examples for name in example.features)
    return {
        name
        for name, count in counts.items()
        if count >= (recipe.seen_pair if ">*<" in name else recipe.seen_single)
    }


def _step(
    weights: dict[str, list[float]],
    squares: dict[str, list[float]],
    names: list[str],
    example: Example,
    recipe: Recipe,
) -> None:
    scale = scale_of(len(names))
    totals = list(weights[_BIAS])
    for name in names:
        for index, weight in enumerate(weights[name]):
            totals[index] += weight * scale
    importance = recipe.imminent_counts if example.level is Level.IMMINENT else 1.0
    errors = [error * importance for error in _errors(totals, example)]
    for name, size in [*((name, scale) for name in names), (_BIAS, 1.0)]:
        row, seen = weights[name], squares[name]
        for index, error in enumerate(errors):
            slope = error * size + recipe.decay * row[index]
            seen[index] += slope * slope
            row[index] -= recipe.rate * slope / math.sqrt(seen[index])


def _errors(totals: Sequence[float], example: Example) -> list[float]:
    """What was said less what is true, for each output."""
    top = max(totals[:_LEVELS])
    powers = [math.exp(value - top) for value in totals[:_LEVELS]]
    total = sum(powers)
    levels = [power / total - (level is example.level) for power, level in zip(powers, Level, strict=True)]
    return levels + _set_errors(totals[_LEVELS:], example)


def _set_errors(totals: Sequence[float], example: Example) -> list[float]:
    if example.categories not in CATEGORY_SETS:  # NONE teaches nothing about categories
        return [0.0] * len(totals)
    top = max(totals)
    powers = [math.exp(value - top) for value in totals]
    whole = sum(powers)
    pairs = zip(powers, CATEGORY_SETS, strict=True)
    return [power / whole - (names == example.categories) for power, names in pairs]


_UNIT = 0.01


def as_yaml(weights: dict[str, list[float]]) -> str:
    """The text of `rules/evidence.yaml`: a line a feature, in hundredths, idle features left out."""
    lines = ["# Learnt by `python -m api.risk learn`; do not edit by hand.", "evidence:", f"  unit: {_UNIT}"]
    lines += [f"  # feature, then the weight for each of: {' '.join(OUTPUTS)}", "  weights: |"]
    for name in sorted(weights):
        numbers = [round(weight / _UNIT) for weight in weights[name]]
        if any(abs(number) >= 3 for number in numbers):
            lines.append(f"    {name} {' '.join(map(str, numbers))}")
    return "\n".join(lines) + "\n"
