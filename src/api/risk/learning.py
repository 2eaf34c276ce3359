"""Learns the weights of `rules/evidence.json` from labelled lines; used by `python -m api.risk learn`.

Plain Python on purpose: it runs in the service's own environment, takes half a minute, and gives the same
weights for the same lines. Nothing of it is imported while the service runs.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from api.risk.evidence import CATEGORY_SETS, OUTPUTS
from api.risk.model import Level
from api.risk.weights import Learnt, Weights, read_weights, write_weights

_LEVELS = len(Level)
_PLACE = {names: place for place, names in enumerate(CATEGORY_SETS)}


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

    rounds: int = 10
    rate: float = 0.3
    decay: float = 0.0002
    seen_single: int = 2
    seen_pair: int = 3
    imminent_counts: float = 1.5


@dataclass(slots=True)
class _Row:
    """The weights of one feature while they are learnt, those of the levels and those of the categories."""

    rarity: float
    levels: list[float] = field(default_factory=lambda: [0.0] * _LEVELS)
    sets: list[float] = field(default_factory=lambda: [0.0] * len(CATEGORY_SETS))
    level_squares: list[float] = field(default_factory=lambda: [1e-4] * _LEVELS)
    set_squares: list[float] = field(default_factory=lambda: [1e-4] * len(CATEGORY_SETS))


def learn(examples: Sequence[Example], recipe: Recipe | None = None) -> bytes:
    """The content of the weights file."""
    recipe = recipe or Recipe()
    rows = {name: _Row(rarity) for name, rarity in sorted(_rarities(examples, recipe).items())}
    bias = _Row(1.0)
    lines = [(_scaled(example, rows, bias), example) for example in examples]
    order = random.Random(17)  # noqa: S311 - the order of lines, not a secret
    for _ in range(recipe.rounds):
        order.shuffle(lines)
        for scaled, example in lines:
            _step(scaled, example, recipe)
    learnt = {name: Learnt(row.rarity, (*row.levels, *row.sets)) for name, row in rows.items()}
    return write_weights(learnt, (*bias.levels, *bias.sets), OUTPUTS)


def learnt_weights(examples: Sequence[Example], recipe: Recipe | None = None) -> Weights:
    """The same, ready for use."""
    return read_weights(learn(examples, recipe))


def _rarities(examples: Sequence[Example], recipe: Recipe) -> dict[str, float]:
    counts = Counter(name for example in examples for name in example.features)
    return {
        name: math.log(len(examples) / count)
        for name, count in counts.items()
        if count >= (recipe.seen_pair if ">*<" in name else recipe.seen_single)
    }


def _scaled(example: Example, rows: dict[str, _Row], bias: _Row) -> list[tuple[_Row, float]]:
    known = [rows[name] for name in sorted(example.features) if name in rows]
    length = math.sqrt(sum(row.rarity**2 for row in known)) or 1.0
    return [*((row, row.rarity / length) for row in known), (bias, 1.0)]


def _step(scaled: list[tuple[_Row, float]], example: Example, recipe: Recipe) -> None:
    importance = recipe.imminent_counts if example.level is Level.IMMINENT else 1.0
    errors = _errors([(row.levels, size) for row, size in scaled], example.level, importance)
    for row, size in scaled:
        _move(row.levels, row.level_squares, errors, size, recipe)
    place = _PLACE.get(example.categories)
    if place is None:  # NONE teaches nothing about categories
        return
    errors = _errors([(row.sets, size) for row, size in scaled], place, importance)
    for row, size in scaled:
        _move(row.sets, row.set_squares, errors, size, recipe)


def _errors(parts: Iterable[tuple[list[float], float]], true: int, importance: float) -> list[float]:
    """What was said less what is true, for each output."""
    totals: list[float] = []
    for weights, size in parts:
        if totals:
            totals = [total + weight * size for total, weight in zip(totals, weights, strict=True)]
        else:
            totals = [weight * size for weight in weights]
    top = max(totals)
    powers = [math.exp(total - top) for total in totals]
    whole = sum(powers)
    return [importance * (power / whole - (place == true)) for place, power in enumerate(powers)]


def _move(
    weights: list[float], squares: list[float], errors: Sequence[float], size: float, recipe: Recipe
) -> None:
    decay, rate = recipe.decay, recipe.rate
    for place, error in enumerate(errors):
        slope = error * size + decay * weights[place]
        square = squares[place] = squares[place] + slope * slope
        weights[place] -= rate * slope / math.sqrt(square)
