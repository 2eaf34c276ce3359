"""The built-in responder: written scripts and the knowledge base; the same message gets the same answer.

Used where no model is configured, and as what is left when the model does not answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.knowledge.entry import Entry
from api.knowledge.relevance import CLEAR, Relevance
from api.replies.model import Knowledge, Passage, Reply, Source, Turn
from api.replies.scripts import Language, Scripts, language_of
from api.risk.model import Assessment, Level

_CANDIDATES = 8
# A message this short ("那要多少錢") is about what was said before.
_SHORT = 12


class OfflineResponder:
    """Answers from scripts and passages. A person in danger gets a script without any search."""

    def __init__(
        self, knowledge: Knowledge, relevance: Relevance, entries: Sequence[Entry], scripts: Scripts
    ) -> None:
        self._knowledge = knowledge
        self._relevance = relevance
        self._entries = {entry.id: entry for entry in entries}
        self._scripts = scripts

    async def reply(self, message: str, history: Sequence[Turn], assessment: Assessment) -> Reply:
        """One short answer that ends in a question."""
        language = language_of(message)
        if assessment.level >= Level.HIGH:
            return _said(self._scripts.crisis(assessment.categories, assessment.level, language))
        if assessment.level is Level.NONE:
            talk = self._scripts.small_talk(message, language)
            if talk is not None:
                return _said(talk)
        passage = await self._passage(message, history, assessment, language)
        body = closing = ""
        if passage is None:
            body = self._scripts.unknown(message, len(history), language)
        else:
            body = self._text(passage, language)
            closing = self._scripts.question(len(history), language)
        text = self._composed(assessment, language, body, closing)
        return Reply(text, Source.OFFLINE, () if passage is None else (passage.id,))

    def crisis(self, message: str, assessment: Assessment) -> str:
        """The script that a reply to a person in danger begins with."""
        return self._scripts.crisis(assessment.categories, assessment.level, language_of(message))

    async def _passage(
        self, message: str, history: Sequence[Turn], assessment: Assessment, language: Language
    ) -> Passage | None:
        """What the message is clearly about; else what it worries about; else what it may be about."""
        found = await self._knowledge.search(message, _CANDIDATES)
        worry = self._entries.get(self._scripts.entry_for(assessment.categories) or "")
        clear = self._relevance.graded(message, found, CLEAR)
        graded = clear if clear or worry else self._relevance.graded(message, found)
        if worry:
            graded.append(Passage(worry.id, worry.title, worry.text, worry.source, 0.0))
        before = next((turn.text for turn in reversed(history) if turn.role == "person"), None)
        if before and not graded and len(message) <= _SHORT:
            both = f"{before}\n{message}"
            graded = self._relevance.graded(both, await self._knowledge.search(both, _CANDIDATES))
        return next((passage for passage in graded if self._text(passage, language)), None)

    def _composed(self, assessment: Assessment, language: Language, body: str, closing: str) -> str:
        opening = self._scripts.opening(assessment.categories, language)
        watchful = ""
        if assessment.level is Level.MEDIUM and "1925" not in body:
            watchful = self._scripts.watchful(language)
        space = " " if language == "en" else ""
        return space.join(part for part in (opening, body, watchful, closing) if part)

    def _text(self, passage: Passage, language: Language) -> str:
        if language == "zh":
            return passage.text
        entry = self._entries.get(passage.id)
        return entry.english if entry else ""


def _said(text: str) -> Reply:
    return Reply(text, Source.OFFLINE)
