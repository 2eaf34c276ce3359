"""Which metrics and labels a PromQL expression names. Used by the contract test of the sources.

No grammar, only what is needed: a name that no parenthesis follows is a metric; what stands in braces are
matchers; what stands in parentheses after `by`, `on` and the like are labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<duration>\[[^\]]*\])"""
    r"""|(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<mark>[(){},]|=~|!~|!=|=)|(?P<other>\S)""",
    re.VERBOSE,
)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "offset", "bool", "atan2"}


@dataclass(frozen=True)
class Selector:
    """A metric and what is asked of its labels: (label, operator, value)."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Read:
    """What an expression names; `grouped` are the labels that it groups or matches by, or makes."""

    selectors: list[Selector] = field(default_factory=list)
    grouped: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)


def read(expr: str) -> Read:
    """Reads an expression."""
    tokens = [(m.lastgroup or "", m[0]) for m in _TOKEN.finditer(expr)]
    found = Read()
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if kind == "name" and text in _GROUPING:
            at = _labels(tokens, at + 1, found) if following == "(" else at + 1
        elif kind == "name" and text == "label_replace":
            found.made.add(_made(tokens, at))
            at += 1
        elif kind == "name" and _is_metric(text, following) and not _is_number(tokens, at):
            matchers, at = _matchers(tokens, at + 1)
            found.selectors.append(Selector(text, matchers))
        else:
            at += 1
    return found


def _is_metric(text: str, following: str) -> bool:
    """Neither a word of the language, nor a function, nor an aggregation: `sum(…)`, `sum by (…) (…)`."""
    return text not in _WORDS and following not in {"(", "by", "without"}


def _is_number(tokens: list[tuple[str, str]], at: int) -> bool:
    """A name right after a digit is the unit of a duration: 5m."""
    return at > 0 and tokens[at - 1][1].isdigit()


def _labels(tokens: list[tuple[str, str]], at: int, found: Read) -> int:
    """Reads `(a, b)`; returns the place after it."""
    while tokens[at][1] != ")":
        if tokens[at][0] == "name":
            found.grouped.add(tokens[at][1])
        at += 1
    return at + 1


def _matchers(tokens: list[tuple[str, str]], at: int) -> tuple[tuple[tuple[str, str, str], ...], int]:
    """Reads `{a="b", …}` where there is one; returns the place after it."""
    if at >= len(tokens) or tokens[at][1] != "{":
        return (), at
    inside = []
    at += 1
    while tokens[at][1] != "}":
        if tokens[at][0] == "name":
            value = tokens[at + 2][1][1:-1]
            inside.append((tokens[at][1], tokens[at + 1][1], re.sub(r"\\(.)", r"\1", value)))
            at += 2
        at += 1
    return tuple(inside), at + 1


def _made(tokens: list[tuple[str, str]], at: int) -> str:
    """The label that label_replace makes: its first argument that is a string and stands for itself."""
    depth = 0
    for kind, text in tokens[at + 1 :]:
        depth += (text in "({") - (text in ")}")
        if kind == "string" and depth == 1:
            return text[1:-1]
    return ""
