"""Whether a passage really is about the message: cosine plus the keywords that were said.

A vector search always returns something; the offline responder must know when that is nothing. Scores
of different embedders do not compare, so this grades with the offline vectors whoever searched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from api.knowledge.entry import Entry
from api.knowledge.features import normalised
from api.knowledge.memory import MemoryKnowledge
from api.replies.model import Passage

KEYWORD_WEIGHT = 0.06
BAR = 0.125
"""Below it a passage is beside the point; found on tests/unit/api/knowledge/data/questions.yaml."""
CLEAR = 0.18
"""Above it a message is about a passage without doubt."""
_MOST_KEYWORDS = 8.0


class Relevance:
    """Grades passages against a message."""

    def __init__(self, entries: Sequence[Entry], memory: MemoryKnowledge) -> None:
        self._memory = memory
        self._entries = {entry.id: entry for entry in entries}
        self._keywords = {entry.id: tuple(map(normalised, entry.keywords)) for entry in entries}

    def graded(self, message: str, passages: Sequence[Passage], bar: float = BAR) -> list[Passage]:
        """The passages that are about the message, best first; also those that only a keyword points to."""
        cosines = self._memory.scores(message)
        said = self._said(message)
        found = {passage.id: passage for passage in passages}
        for name in said.keys() - found.keys():
            entry = self._entries[name]
            found[name] = Passage(entry.id, entry.title, entry.text, entry.source, cosines[name])
        grades = {
            name: cosines.get(name, passage.score) + KEYWORD_WEIGHT * said.get(name, 0.0)
            for name, passage in found.items()
        }
        best = sorted(grades, key=lambda name: (-grades[name], name))
        return [found[name] for name in best if grades[name] >= bar]

    def _said(self, message: str) -> dict[str, float]:
        """How much of each entry's keywords the message says: the lengths of the two longest."""
        text = normalised(message)
        said = {}
        for name, keywords in self._keywords.items():
            lengths = sorted(_length(word) for word in keywords if _says(text, word))[-2:]
            if lengths:
                said[name] = min(sum(lengths), _MOST_KEYWORDS)
        return said


def _says(said: str, keyword: str) -> bool:
    if keyword.isascii():
        return re.search(rf"(?<![a-z0-9]){re.escape(keyword)}(?:s|d|ed|ing)?(?![a-z0-9])", said) is not None
    return keyword in said


def _length(keyword: str) -> float:
    # one Chinese character tells about as much as three letters
    return len(keyword) / 2.5 if keyword.isascii() else len(keyword)
