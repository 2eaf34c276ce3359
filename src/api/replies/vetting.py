"""Whether a model's text may be shown to a person. Used by the model responder.

A wrong telephone number in a crisis is worse than a plainer answer, so a number that is not known to be
right is not shown, and neither is a link: what looks like one gives the offline answer instead.
"""

from __future__ import annotations

import re
import unicodedata

from api.knowledge.numbers import KNOWN_NUMBERS
from api.replies.failure import ModelError
from api.replies.metrics import Outcome

_CHINESE_DIGITS = str.maketrans("〇零○一二三四五六七八九壹貳參肆伍陸柒捌玖", "000123456789123456789")
_CHINESE_RUN = re.compile(r"[〇零○一二三四五六七八九壹貳參肆伍陸柒捌玖]{3,}")
# digits with the separators people put inside a telephone number
_RUN = re.compile(r"(?<![A-Za-z0-9.])\(?\+?\d(?:[\d\-()#.]|[ ](?=\d))*")
_UNIT = re.compile(
    r"\s*(?:年|元|塊|字|次|天|日|週|周|個|小時|分鐘|秒|公[斤里尺分克]|毫|人|歲|%|條|項|種|步|mg|ml|kg|years?|days?)"
)
_CALLS = re.compile(
    r"(?:撥打|撥|打|電話|專線|熱線|call|dial|phone|hotline|line|number)\W{0,3}(?:是|為|is|at)?\W{0,3}$", re.I
)
_LINK = re.compile(r"https?://|www\.|\b[\w-]+\.(?:com|org|net|tw|gov|io)\b|[\w.]+@[\w-]+\.\w", re.I)


def vetted(text: str, most_characters: int) -> str:
    """The text, trimmed; ModelError(REFUSED) where it is empty, over-long, or names an unknown number."""
    trimmed = text.strip()
    if not trimmed:
        raise _refused("empty")
    if len(trimmed) > most_characters:
        raise _refused("over-long")
    if unknown_numbers(trimmed):
        raise _refused("an unknown number")
    if _LINK.search(trimmed):
        raise _refused("a link")
    return trimmed


def unknown_numbers(text: str) -> list[str]:
    """What reads like a telephone number and is not on our list."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _CHINESE_RUN.sub(lambda found: found.group().translate(_CHINESE_DIGITS), plain)
    unknown = []
    for found in _RUN.finditer(plain):
        parts = [re.sub(r"\D", "", part) for part in found.group().split()]
        digits = "".join(parts)
        if digits in KNOWN_NUMBERS or all(part in KNOWN_NUMBERS for part in parts):
            continue
        called = _CALLS.search(plain[: found.start()]) is not None
        counted = _UNIT.match(plain, found.end()) is not None
        if not counted and ((called and len(digits) >= 3) or _like_a_number(digits, len(parts))):
            unknown.append(digits)
    return unknown


def _like_a_number(digits: str, parts: int) -> bool:
    """Short codes are 1xx and 1xxx, in one piece; all other numbers are long."""
    return (parts == 1 and len(digits) in (3, 4) and digits[0] == "1") or len(digits) >= 7


def _refused(why: str) -> ModelError:
    return ModelError(Outcome.REFUSED, f"the text is not shown: {why}", ours=True)
