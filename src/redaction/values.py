"""Redaction of structured values before they are serialised.

Called by the log formatter and the error reporter. It must run on values, not on JSON: in the escape
`u8b49` glued to `A123456789` the last digit of the escape touches the id. Keys are used as context too,
so that `{"birthday": "1984-04-04"}` is a birth date and `{"order": "4729…"}` is not a card.
"""

import re
from typing import Any, TypeVar

from redaction.engine import find
from redaction.replacing import MOST_ROUNDS, redact, replace

Value = TypeVar("Value")

_DEEPEST = 100
_TOO_DEEP = "[TOO_DEEP]"
_KEY = re.compile(r"[\w.\-]{1,40}\Z")


def redact_value(value: Value) -> Value:
    """A redacted copy; the type of every container is kept, bytes and numbers stay as they are."""
    return _redacted(value, 0, "")  # type: ignore[no-any-return]


def _redacted(value: Any, depth: int, key: str) -> Any:
    if isinstance(value, str):
        return _redact_under(key, value)
    if not isinstance(value, dict | list | tuple | set | frozenset):
        return value
    if depth >= _DEEPEST:
        return _TOO_DEEP  # also what ends a structure that contains itself
    if isinstance(value, dict):
        return _redacted_dict(value, depth)
    items = [_redacted(item, depth + 1, key) for item in value]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*items)
    return type(value)(items)


def _redacted_dict(value: dict[Any, Any], depth: int) -> Any:
    pairs: dict[Any, Any] = {}
    for key, item in value.items():
        name = _redacted(key, depth + 1, "")
        written, copies = name, 1
        while written in pairs:  # two keys that were different people must not become one
            copies += 1
            written = f"{name}#{copies}"
        pairs[written] = _redacted(item, depth + 1, key if isinstance(key, str) else "")
    if type(value) is dict:
        return pairs
    copy = value.copy()
    copy.clear()
    copy.update(pairs)
    return copy


def _redact_under(key: str, text: str) -> str:
    """Redact `text` as the value of `key`."""
    if not text or not _KEY.match(key):
        return redact(text)
    lead = f"{key}="
    for _ in range(MOST_ROUNDS):
        spans = [span for span in find(lead + text) if span.start >= len(lead)]
        if not spans:
            break
        text = replace(lead + text, spans, lambda span: span.kind.replacement)[len(lead) :]
    return text
