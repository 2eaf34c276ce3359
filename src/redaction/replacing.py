"""Replacing findings by text. Called by `redact`, `redact_value` and `placeholders`."""

from collections.abc import Callable, Iterable

from redaction.engine import find
from redaction.model import Span

MOST_ROUNDS = 6


def replace(text: str, spans: Iterable[Span], written: Callable[[Span], str]) -> str:
    """`text` with each span replaced by what `written` says; spans are sorted and do not overlap."""
    parts: list[str] = []
    at = 0
    for span in spans:
        parts.append(text[at : span.start])
        parts.append(written(span))
        at = span.end
    parts.append(text[at:])
    return "".join(parts)


def redact(text: str) -> str:
    """Replace until nothing is found: a replacement may give its neighbour the context it lacked.

    Replacements are never matched, so each round leaves less of the caller's text; nearly always
    the second finds nothing. The limit is for texts made to be peeled one name a round.
    """
    for _ in range(MOST_ROUNDS):
        spans = find(text)
        if not spans:
            break
        text = replace(text, spans, lambda span: span.kind.replacement)
    return text
