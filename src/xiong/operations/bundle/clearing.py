"""Takes secrets and personal data out of what leaves a copy, line by line, and counts what it took.

Used for every line of a bundle, whoever wrote it: what was redacted at the source is redacted again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from redaction import Kind, Span, find, redact_value
from redaction.replacing import MOST_ROUNDS, replace
from xiong.operations.bundle import secrets

_HIDDEN = "[SECRET]"
_LONGEST = 16_384
_UNCLEAR = "[a line that could not be cleared was left out]"
_ESCAPE = re.compile(r"\\+[nrtbf\"'/]")
_PLACEHOLDER = re.compile("|".join(re.escape(kind.replacement) for kind in Kind))
_NOTHING = r"(?!null\b|none\b|true\b|false\b|\*|\[SECRET)"
_NAMED = r"(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|cookie)"
_SHAPES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<=://)[^\s/@:\"]*:(?P<v>[^\s/@\"]+)(?=@)",
        r"\bbearer\s+(?P<v>[\w+/=.~-]{8,})",
        r"\bbasic\s+(?P<v>(?=[a-z+/]*[0-9=])[\w+/=]{8,})",
        rf"\b[\w.-]*{_NAMED}\\?[\"']?\s*[=:]\s*\\?[\"']?{_NOTHING}(?P<v>[^\s\"'\\,;&}}\])]{{4,}})",
        r"(?P<v>-----BEGIN [A-Z ]*PRIVATE KEY-----.*)",
    )
)


class Clearing:
    """Clears the lines of one file.

    Attributes:
        personal: pieces of personal data taken out so far.
        secrets: secrets taken out so far.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = secrets.pattern(known)
        self.personal = 0
        self.secrets = 0

    def line(self, text: str) -> str:
        """The line as it may leave; a JSON object is walked value by value first."""
        if len(text) > _LONGEST:
            return f"[a line of {len(text)} characters was left out]"
        # Secrets first: redaction could take a piece out of one, and the rest would not be known again.
        without = self._walked(self._hide(text))
        return self._redacted(self._hide(without))

    def indented(self, document: Any) -> list[str]:
        """The lines of a document whose values were redacted; each is still to be cleared as a line."""
        text = orjson.dumps(self._redacted_values(document), option=orjson.OPT_INDENT_2)
        return text.decode().splitlines()

    def _hide(self, text: str) -> str:
        if self._known is not None:
            text, count = self._known.subn(_HIDDEN, text)
            self.secrets += count
        for shape in _SHAPES:
            text = shape.sub(self._hidden, text)
        return text

    def _hidden(self, found: re.Match[str]) -> str:
        if found["v"].startswith(_HIDDEN):
            return found[0]
        self.secrets += 1
        start, end = found.span("v")
        begun = found.start()
        return found[0][: start - begun] + _HIDDEN + found[0][end - begun :]

    def _walked(self, text: str) -> str:
        """On values, since an escape's last digit may touch an identity."""
        if not text.startswith(("{", "[")):
            return text
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        return orjson.dumps(self._redacted_values(document)).decode()

    def _redacted_values(self, document: Any) -> Any:
        redacted = redact_value(document)
        self.personal += _placeholders(redacted) - _placeholders(document)
        return redacted

    def _redacted(self, text: str) -> str:
        for _ in range(MOST_ROUNDS):
            spans = personal_data(text)
            if not spans:
                return text
            self.personal += len(spans)
            text = replace(text, spans, lambda span: span.kind.replacement)
        return text if not personal_data(text) else _UNCLEAR


def personal_data(text: str) -> list[Span]:
    """What `redaction` finds in a line, also where an escape like the `\\n` of a quoted text touches it."""
    found = find(text)
    if found or "\\" not in text:
        return found
    return find(_ESCAPE.sub(lambda escape: " " * len(escape[0]), text))


def _placeholders(document: Any) -> int:
    return len(_PLACEHOLDER.findall(orjson.dumps(document).decode()))
