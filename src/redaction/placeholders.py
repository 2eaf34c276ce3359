"""Reversible placeholders for traffic to the language model.

Called by the service around one conversation turn.

The model sees `[NAME_1]`; its reply is put back before the person reads it. One `Placeholders`
belongs to one conversation, is never stored and never logged.
"""

import re

from redaction.engine import find
from redaction.model import Kind, Span
from redaction.replacing import MOST_ROUNDS, replace

# Models like to change brackets, spaces and case of what they copy.
_TOKEN = re.compile(
    rf"[\[［【]\s?({'|'.join(kind.value for kind in Kind)})\s?[_ \-]?\s?([0-9]{{1,5}})\s?[\]］】]",
    re.IGNORECASE,
)


_SHORTEST = 3  # two characters of a name are too often a part of something else


class Placeholders:
    """Numbered tokens for the findings of one conversation; the same value always gets the same token."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[Kind, str], str] = {}
        self._values: dict[str, str] = {}
        self._last: dict[Kind, int] = {}

    def __repr__(self) -> str:
        return f"Placeholders({len(self._values)} values)"

    def hide(self, text: str) -> str:
        """`text` with every finding replaced by its token."""
        taken = {self._key(match) for match in _TOKEN.finditer(text)}
        for _ in range(MOST_ROUNDS):
            spans = find(text)
            if not spans:
                break
            text = self._replaced(text, spans, taken)
        return self._known_hidden(text, taken)

    def restore(self, text: str) -> str:
        """`text` with every token of this conversation replaced by its value; others stay."""

        def original(match: re.Match[str]) -> str:
            return self._values.get(self._key(match), match[0])

        return _TOKEN.sub(original, text)

    def _known_hidden(self, text: str, taken: set[str]) -> str:
        """Hides what an earlier text of the conversation gave away, also where nothing says what it is."""
        for token, value in self._values.items():
            if token in taken or value not in text or len(value) < _SHORTEST:
                continue
            alone = rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])"
            parts = re.split(f"({_TOKEN.pattern})", text, flags=re.IGNORECASE)
            # every token brings its two groups with it: text, token, kind, number, text, …
            parts[::4] = [re.sub(alone, lambda _, token=token: token, part) for part in parts[::4]]
            text = "".join(part for place, part in enumerate(parts) if place % 4 < 2)
        return text

    def _replaced(self, text: str, spans: list[Span], taken: set[str]) -> str:
        return replace(text, spans, lambda span: self._token(span.kind, text[span.start : span.end], taken))

    def _token(self, kind: Kind, value: str, taken: set[str]) -> str:
        known = self._tokens.get((kind, value))
        if known is not None and known not in taken:
            return known
        while True:
            number = self._last[kind] = self._last.get(kind, 0) + 1
            token = f"[{kind.value}_{number}]"
            if token not in taken:  # the person may have typed something that looks like a token
                break
        self._tokens[kind, value] = token
        self._values[token] = value
        return token

    @staticmethod
    def _key(match: re.Match[str]) -> str:
        return f"[{match[1].upper()}_{int(match[2])}]"
