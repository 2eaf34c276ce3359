"""The same search without a database: the entries of this release, held in memory.

Used by `api.replies` while the database is away, and by the relevance test of the offline responder.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.knowledge.embedders import QUESTION_CHARACTERS, offline_vector
from api.knowledge.entry import Entry, shipped_entries
from api.replies.model import Passage


class MemoryKnowledge:
    """Search by cosine over the offline vectors; gives what the database gives for that embedder."""

    def __init__(self, entries: Sequence[Entry] | None = None) -> None:
        self._entries = tuple(shipped_entries() if entries is None else entries)
        self._vectors = {entry.id: offline_vector(entry.searchable) for entry in self._entries}

    async def search(self, question: str, limit: int = 3) -> list[Passage]:
        """The entries nearest to the question, nearest first; equal ones by id."""
        scores = self.scores(question)
        nearest = sorted(self._entries, key=lambda entry: (-scores[entry.id], entry.id))[:limit]
        return [
            Passage(entry.id, entry.title, entry.text, entry.source, scores[entry.id]) for entry in nearest
        ]

    def scores(self, question: str) -> dict[str, float]:
        """Cosine similarity of every entry to the question."""
        vector = offline_vector(question[:QUESTION_CHARACTERS])
        # a question has few features: only its own dimensions need to be multiplied
        parts = [(index, value) for index, value in enumerate(vector) if value]
        return {
            name: sum(value * document[index] for index, value in parts)
            for name, document in self._vectors.items()
        }
