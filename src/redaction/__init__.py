"""Taiwanese personal data: finds it in text and takes it out.

Used by the service before anything is logged and before a message goes to the language model, and
by the operations tool for what it prints and ships. Standard library only; importing this module
compiles nothing.
"""

from typing import TypeVar

from redaction.model import Kind, Span

Value = TypeVar("Value")

__all__ = ["Kind", "Placeholders", "Span", "find", "redact", "redact_value"]


def find(text: str) -> list[Span]:
    """All personal data in `text`: sorted spans that do not overlap, with offsets of the text as given."""
    from redaction.engine import find as found  # loaded at first use: importing the package must stay cheap

    return found(text)


def redact(text: str) -> str:
    """`text` with every finding replaced by its kind in brackets; redacting twice changes nothing more."""
    from redaction.replacing import redact as replaced

    return replaced(text)


def redact_value(value: Value) -> Value:
    """A copy of nested dicts, lists, tuples and sets with every string redacted; other values as they are."""
    from redaction.values import redact_value as redacted

    return redacted(value)


def __getattr__(name: str) -> object:
    """`Placeholders` is loaded at first use, for the same reason."""
    if name == "Placeholders":
        from redaction.placeholders import Placeholders

        return Placeholders
    raise AttributeError(f"module 'redaction' has no attribute {name!r}")
