"""Folding: the text as the rules read it, with the way back to the caller's own offsets.

People and log formatters write the same number in many ways: full width, circled, with invisible
characters inside, escaped as JSON or as a URL, in Chinese numerals. The rules match one plain form;
`Folded.original` turns a match into offsets of the text the caller gave. Called by `engine`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from redaction import folding_tables


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in plain form.

    `digits` has the same length as `text`; in it Chinese numerals are digits too. `starts` and
    `ends` are empty when no character was dropped or decoded, so that offsets are the original
    ones.
    """

    text: str
    digits: str
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original text of `text[start:end]` (never empty)."""
        if not self.starts:
            return start, end
        return self.starts[start], self.ends[end - 1]


@cache
def _special() -> re.Pattern[str]:
    """Whatever stands for another number of characters than it has."""
    return re.compile(
        rf"(?P<unseen>[{folding_tables.INVISIBLE}]+)"
        r"|(?P<unicode>(?:\\+u[0-9A-Fa-f]{4})+)"
        r"|(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
        r"|(?P<bytes>(?:\\+x[0-9A-Fa-f]{2})+)"
        r"|(?P<entity>&\#(?:[xX][0-9A-Fa-f]{2,6}|[0-9]{2,7});)"
    )


_UNIT = re.compile(r"\\+u([0-9A-Fa-f]{4})|(?:%|\\+x)([0-9A-Fa-f]{2})")

Decoded = list[tuple[str, int, int]]


def _decode_utf16(raw: str, offset: int) -> Decoded:
    """`\\u674e` and friends; a surrogate pair becomes one sign, a lone surrogate a space."""
    decoded: Decoded = []
    for unit in _UNIT.finditer(raw):
        code = int(unit[1], 16)
        sign = " " if 0xD800 <= code < 0xE000 else chr(code)
        decoded.append((sign, offset + unit.start(), offset + unit.end()))
    return decoded


def _decode_utf8(raw: str, offset: int) -> Decoded:
    """Percent or `\\x` escapes, or nothing when the bytes are not UTF-8."""
    units = list(_UNIT.finditer(raw))
    try:
        text = bytes(int(unit[2], 16) for unit in units).decode()
    except UnicodeDecodeError:
        return []
    decoded: Decoded = []
    at = 0
    for character in text:
        size = len(character.encode())
        decoded.append((character, offset + units[at].start(), offset + units[at + size - 1].end()))
        at += size
    return decoded


def _decode(match: re.Match[str]) -> Decoded:
    raw, offset = match[0], match.start()
    if match.lastgroup == "unicode":
        return _decode_utf16(raw, offset)
    if match.lastgroup == "entity":
        digits = raw[2:-1]
        code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
        valid = 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
        return [(chr(code), offset, match.end())] if valid else []
    return _decode_utf8(raw, offset)


def _expand(text: str) -> tuple[str, list[int], list[int]]:
    """Drop what is invisible and decode what is escaped, keeping for each character where it came from."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0

    def keep(upto: int) -> None:
        parts.append(text[at:upto])
        starts.extend(range(at, upto))
        ends.extend(range(at + 1, upto + 1))

    unseen = _unseen()
    for match in _special().finditer(text):
        if match.lastgroup == "unseen":
            keep(match.start())
        elif decoded := _decode(match):
            keep(match.start())
            for character, start, end in decoded:
                if unseen.match(character) is None:
                    parts.append(character)
                    starts.append(start)
                    ends.append(end)
        else:
            continue
        at = match.end()
    keep(len(text))
    return "".join(parts), starts, ends


@cache
def _unseen() -> re.Pattern[str]:
    return re.compile(f"[{folding_tables.INVISIBLE}]")


def fold(text: str) -> Folded:
    """The plain form of `text`; cheap for plain ASCII without escapes."""
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()
    if _special().search(text):
        text, starts, ends = _expand(text)
    if text.isascii():
        return Folded(text, text, starts, ends)
    text = text.translate(folding_tables.plain())
    return Folded(text, text.translate(folding_tables.numeral()), starts, ends)
