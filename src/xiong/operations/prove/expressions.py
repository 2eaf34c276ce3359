"""Which metrics a PromQL expression names, and which labels it asks of them; no grammar, only what is needed.

A name that no parenthesis follows is a metric, what stands in braces behind it are matchers, and what
stands in parentheses after `by`, `on` and the like are labels.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<range>\[[^\]]*\])"""
    r"""|(?P<name>[a-zA-Z_:][\w:]*)|(?P<number>[0-9][0-9.a-zA-Z]*)|(?P<mark>\S)"""
)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "offset", "bool", "inf", "nan"}


def metrics(expr: str) -> dict[str, set[str]]:
    """{metric: labels that its matchers ask for}."""
    tokens = [(found.lastgroup or "", found[0]) for found in _TOKEN.finditer(expr)]
    named: dict[str, set[str]] = {}
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        at += 1
        if kind != "name" or text.lower() in _WORDS:
            continue
        if text in _GROUPING:
            at = _after(tokens, at, ")") if following == "(" else at
        elif following == "{":
            end = _after(tokens, at, "}")
            named.setdefault(text, set()).update(_labels(tokens[at:end]))
            at = end
        elif following != "(" and following not in _GROUPING:
            named.setdefault(text, set())
    return named


def _after(tokens: list[tuple[str, str]], at: int, closing: str) -> int:
    """The place after the next closing mark."""
    while at < len(tokens) and tokens[at][1] != closing:
        at += 1
    return at + 1


def _labels(tokens: list[tuple[str, str]]) -> set[str]:
    return {text for kind, text in tokens if kind == "name"}
