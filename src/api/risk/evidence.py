"""Weighs what a message is made of, for wordings that no rule foresaw; used by `api.risk.rule_engine`.

The features are fields of meaning (`rules/fields.yaml`), pairs of them, kinds of words (`rules/kinds.txt`)
and short runs of characters or words; their weights (`rules/evidence.json`) are learnt by `python -m
api.risk learn`. A linear model: it can say which fields spoke and where, and takes one look-up a feature.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.risk.model import Level
from api.risk.weights import Weights

_TOKENS = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]|[^\s\w]", re.ASCII)
_LONGEST_WORD = 6  # tokens of the longest word that a field may hold
_RUN_HAN = 3
_PAIR_SIGN = "*"
_LONGEST_OF_KIND = 4
# The sets of categories that occur together; one of them is chosen once a message is not NONE.
CATEGORY_SETS: tuple[tuple[str, ...], ...] = (
    ("suicide",),
    ("suicide", "self_harm"),
    ("suicide", "overdose"),
    ("suicide", "mental_health"),
    ("self_harm",),
    ("self_harm", "mental_health"),
    ("violence",),
    ("violence", "crime"),
    ("violence", "mental_health"),
    ("drug_use",),
    ("drug_use", "relapse"),
    ("drug_use", "overdose"),
    ("drug_use", "crime"),
    ("relapse",),
    ("crime",),
    ("mental_health",),
)
OUTPUTS = tuple(level.name for level in Level) + tuple("+".join(names) for names in CATEGORY_SETS)


@dataclass(frozen=True, slots=True)
class Token:
    """A Han character, a Latin word or a sign, and where it stands in the folded text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the features say.

    Attributes:
        chances: for each level, how likely it is.
        category_sets: for each set of CATEGORY_SETS, how likely it is if the level is not NONE.
        fields: the fields that are present, with the span (in folded text) of the first word of each.
    """

    chances: Mapping[Level, float]
    category_sets: Mapping[tuple[str, ...], float]
    fields: Mapping[str, tuple[int, int]]


def tokenise(text: str) -> list[Token]:
    """Cuts folded text."""
    return [Token(match[0], match.start(), match.end()) for match in _TOKENS.finditer(text)]


def read_fields(data: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Turns the file's lists into one dictionary: word (tokens joined by a blank) to its fields."""
    words: dict[str, tuple[str, ...]] = {}
    for name, listed in data.items():
        for word in listed.split():
            key = " ".join(token.text for token in tokenise(word.replace("_", " ")))
            words[key] = (*words.get(key, ()), name)
    return words


def read_kinds(text: str) -> dict[str, str]:
    """Turns the file's lines (each holds words of one kind) into word to the kind's feature."""
    return {word: f"#{number}" for number, line in enumerate(text.splitlines()) for word in line.split()}


class FeatureReader:
    """Finds the features of a message; the same for learning and for judging."""

    def __init__(self, words: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> None:
        """Takes the dictionaries of `read_fields` and `read_kinds`."""
        self._words = words
        self._kinds = kinds

    def fields(self, tokens: Sequence[Token]) -> dict[str, tuple[int, int]]:
        """The fields present, longest word first at each place, with the span of their first word."""
        found: dict[str, tuple[int, int]] = {}
        for at in range(len(tokens)):
            key = ""
            for size in range(min(_LONGEST_WORD, len(tokens) - at)):
                token = tokens[at + size]
                key = f"{key} {token.text}" if size else token.text
                for name in self._words.get(key, ()):
                    found.setdefault(name, (tokens[at].start, token.end))
        return found

    def features(self, tokens: Sequence[Token], fields: Iterable[str]) -> set[str]:
        """The names of all features: fields, pairs of fields, kinds of words, and runs of tokens."""
        names = sorted(fields)
        features = {f"<{name}>" for name in names}
        for index, first in enumerate(names):
            features.update(f"<{first}>{_PAIR_SIGN}<{second}>" for second in names[index + 1 :])
        texts = [token.text for token in tokens]
        for size in range(1, _RUN_HAN + 1):
            features.update("_".join(run) for run in zip(*(texts[i:] for i in range(size)), strict=False))
        features.update(self._kinds_of(texts))
        return features

    def _kinds_of(self, texts: Sequence[str]) -> Iterator[str]:
        """The kind of the longest known word at each place."""
        kinds = self._kinds
        for at in range(len(texts)):
            for end in range(min(at + _LONGEST_OF_KIND, len(texts)), at, -1):
                kind = kinds.get("".join(texts[at:end]))
                if kind is not None:
                    yield kind
                    break


class EvidenceScorer:
    """The learnt weights at work."""

    def __init__(self, reader: FeatureReader, weights: Weights) -> None:
        """Takes a feature reader and, for each feature, one weight an output."""
        self._reader = reader
        self._weights = weights

    def weigh(self, text: str, marks: Iterable[str] = ()) -> Evidence:
        """Weighs folded text; `marks` are the contexts (a joke, the news) that the rules saw in it."""
        tokens = tokenise(text)
        fields = self._reader.fields(tokens)
        totals = self._weights.total(self._reader.features(tokens, (*fields, *marks)))
        return Evidence(
            chances=dict(zip(Level, _softmax(totals[: len(Level)]), strict=True)),
            category_sets=dict(zip(CATEGORY_SETS, _softmax(totals[len(Level) :]), strict=True)),
            fields=fields,
        )

    def loudest(self, evidence: Evidence, level: Level, count: int) -> list[str]:
        """The fields that speak most for that level, for the explanation."""
        spoken = {name: self._weights.of(f"<{name}>", level) for name in evidence.fields}
        speaking = [name for name, weight in spoken.items() if weight > 0]
        return sorted(speaking, key=lambda name: spoken[name], reverse=True)[:count]


def _softmax(values: Sequence[float]) -> list[float]:
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    total = sum(powers)
    return [power / total for power in powers]
