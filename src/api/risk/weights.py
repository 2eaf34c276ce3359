"""The learnt weights: how a set of features becomes one number an output.

Made by `learning`, used by `evidence`. A feature counts by how rare it was in the learnt lines, and all
features of a message together count the same whatever its length. The file is one JSON object, its numbers
packed into base64: it is read at every start of a replica, and a table of text takes ten times as long.
"""

from __future__ import annotations

import base64
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

_RARITY_UNIT = 16.0  # rarities are natural logarithms below 16, kept as whole sixteenths
_LARGEST = 127


@dataclass(frozen=True)
class Learnt:
    """What was learnt of one feature.

    Attributes:
        rarity: logarithm of how many lines there were for each that had it.
        row: its weight for each output.
    """

    rarity: float
    row: Sequence[float]


class Weights:
    """Look-up of packed weights."""

    def __init__(
        self, names: Sequence[str], rarities: bytes, rows: bytes, unit: float, bias: Sequence[float]
    ) -> None:
        """Takes one rarity (a byte) and one row (a signed byte an output) for each name."""
        self._place = dict(zip(names, range(len(names)), strict=True))
        self._rarities = rarities
        self._rows = memoryview(rows).cast("b")
        self._unit = unit
        self._bias = tuple(bias)

    def total(self, features: Iterable[str]) -> list[float]:
        """The sum of the features' weights for each output, the message's length taken out."""
        place, width = self._place, len(self._bias)
        known = sorted(found for name in features if (found := place.get(name)) is not None)
        if not known:
            return list(self._bias)
        rarities = [self._rarities[index] for index in known]
        scale = self._unit / math.sqrt(sum(rarity * rarity for rarity in rarities) or 1)
        totals = [0] * width
        for index, rarity in zip(known, rarities, strict=True):
            row = self._rows[index * width : (index + 1) * width]
            totals = [total + rarity * weight for total, weight in zip(totals, row, strict=True)]
        return [bias + scale * total for bias, total in zip(self._bias, totals, strict=True)]

    def of(self, feature: str, output: int) -> float:
        """The weight of one feature for one output."""
        index = self._place.get(feature)
        return 0.0 if index is None else self._rows[index * len(self._bias) + output] * self._unit


def read_weights(data: bytes) -> Weights:
    """Reads what `write_weights` wrote."""
    file = orjson.loads(data)
    return Weights(
        file["features"].split("\n"),
        base64.b64decode(file["rarities"]),
        base64.b64decode(file["rows"]),
        file["unit"],
        file["bias"],
    )


def write_weights(learnt: Mapping[str, Learnt], bias: Sequence[float], outputs: Sequence[str]) -> bytes:
    """The file's content: the same for the same weights."""
    names = sorted(learnt)
    most = max((abs(weight) for one in learnt.values() for weight in one.row), default=0.0)
    unit = (most or 1.0) / _LARGEST
    rarities = bytes(min(255, round(learnt[name].rarity * _RARITY_UNIT)) for name in names)
    rows = array("b", (round(weight / unit) for name in names for weight in learnt[name].row))
    content = {
        "made_by": "python -m api.risk learn; not edited by hand",
        "outputs": " ".join(outputs),
        "unit": unit,
        "bias": [round(one, 4) for one in bias],
        "features": "\n".join(names),
        "rarities": base64.b64encode(rarities).decode(),
        "rows": base64.b64encode(rows.tobytes()).decode(),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
