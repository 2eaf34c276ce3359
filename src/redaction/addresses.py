"""Addresses: runs the patterns of `rules.address` and trims what the sentence lent to their left edge."""

import re
from collections.abc import Iterator
from functools import cache

from redaction.rules.address import ADDRESS_LEFT_TRIM, ADDRESS_PATTERNS

# An address needs one of these; most texts have none, and then no pattern runs.
_POST_CODE = re.compile(r"[0-9]{3}(?:-?[0-9]{2,3})?[ ,]{0,2}(?=[一-鿿])")
_NEEDED = re.compile(
    r"[0-9一二三四五六七八九十百]{1,4} {0,2}[號巷弄衖]|[路街道巷段村里][^\n]{0,12}[0-9一二三四五六七八九十]"
    r"|[0-9][^\n]{0,60}(?:Rd|Road|St|Street|Blvd|Ave)(?![a-z])"
)


@cache
def _compiled() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in ADDRESS_PATTERNS)


@cache
def _trim() -> re.Pattern[str]:
    return re.compile(rf"(?:{ADDRESS_LEFT_TRIM}| |,)+")


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand in folded text."""
    if _NEEDED.search(text) is None:
        return
    for pattern in _compiled():
        for match in pattern.finditer(text):
            start, end = match.span()
            lent = _trim().match(text, start, end)
            if lent is not None and lent.end() < end - 3:
                start = lent.end()
            yield start, end
            if (code := _POST_CODE.match(text, start, end)) is not None:
                yield code.end(), end  # three digits in front may be the end of a phone number
