"""Finding: gate, fold, match every rule, settle overlaps, map back.

`redaction.find` and `redact` end here.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from redaction import addresses, dates
from redaction.checks import near, passes
from redaction.folding import Folded, fold
from redaction.gate import may_hold_personal_data
from redaction.model import Kind, Span
from redaction.names import finder
from redaction.rules import RULES, Rule
from redaction.surroundings import Inert, is_serial

# The second view, with Chinese numerals and punctuation read as digits and dots, is for long numbers only.
_FEWEST_DIGITS = 6
_DIGIT = re.compile("[0-9]")
_NUMERAL_MOBILE = re.compile("09(?:[ .,-]{0,2}[0-9]){8}")

Candidate = tuple[int, int, int, Kind]  # strength, start, end, kind

_ADDRESS_STRENGTH = 62
_BETWEEN_WORDS_STRENGTH = 60
_NAME_STRENGTH = 20
_BIRTHDATE_STRENGTH = 83


@cache
def _compiled(rule: Rule) -> re.Pattern[str]:
    return re.compile(rule.pattern, re.IGNORECASE)


def _digit_count(text: str) -> int:
    return len(_DIGIT.findall(text))


def _may_apply(rule: Rule, lowered: str, digit_count: int) -> bool:
    return digit_count >= rule.digits and (not rule.words or any(word in lowered for word in rule.words))


def _by_rules(text: str, digit_count: int, inert: Inert) -> Iterator[Candidate]:
    lowered = text.lower()
    for rule in RULES:
        if not _may_apply(rule, lowered, digit_count):
            continue
        for match in _compiled(rule).finditer(text):
            start, end = match.span("v") if "(?P<v>" in rule.pattern else match.span()
            if _holds(rule, text, start, end) and not inert.overlaps(start, end):
                yield rule.strength, start, end, rule.kind


def _holds(rule: Rule, text: str, start: int, end: int) -> bool:
    """Whether what the rule asks besides its pattern is there."""
    if rule.near and not near(rule.near, text, start, end, rule.before, rule.after):
        return False
    if not passes(rule.check, text, text[start:end], start, end):
        return False
    return not (rule.not_serial and is_serial(text, start))


def _between_words(folded: Folded) -> Iterator[Candidate]:
    """Mobile numbers with Chinese numerals that touch a word with one: 零九一二三四五六七八一直打."""
    for match in _NUMERAL_MOBILE.finditer(folded.digits):
        start, end = match.span()
        around = folded.text[max(0, start - 1) : start] + folded.text[end : end + 1]
        if not folded.text[start:end].isascii() and not _DIGIT.search(around):
            yield _BETWEEN_WORDS_STRENGTH, start, end, Kind.PHONE_MOBILE


def _settle(candidates: list[Candidate]) -> list[Span]:
    """Of overlapping candidates the stronger stays, then the longer, then the first."""
    candidates.sort(key=lambda item: (-item[0], item[1] - item[2], item[1]))
    chosen: list[Span] = []
    for _, start, end, kind in candidates:
        at = bisect_left(chosen, start, key=lambda span: span.end - 1)
        if at == len(chosen) or chosen[at].start >= end:
            chosen.insert(at, Span(start, end, kind))
    return chosen


def _candidates(folded: Folded) -> list[Candidate]:
    text = folded.text
    inert = Inert(text)
    count = _digit_count(text)
    found = list(_by_rules(text, count, inert))
    if folded.digits != text and (count_in_digits := _digit_count(folded.digits)) >= _FEWEST_DIGITS:
        weaker = _by_rules(folded.digits, count_in_digits, inert)
        found.extend((strength - 5, start, end, kind) for strength, start, end, kind in weaker)
        found.extend(_between_words(folded))
    placed = ((_ADDRESS_STRENGTH, *span, Kind.ADDRESS) for span in addresses.addresses(text))
    named = ((_NAME_STRENGTH, *span, Kind.NAME) for span in finder.names(text))
    found.extend(item for item in (*placed, *named) if not inert.overlaps(item[1], item[2]))
    known = _settle(list(found))
    found.extend(
        (_BIRTHDATE_STRENGTH, span.start, span.end, span.kind)
        for span in dates.birthdates(text, known)
        if not inert.overlaps(span.start, span.end)
    )
    return found


def find(text: str) -> list[Span]:
    """All personal data in `text`: sorted, not overlapping, offsets of the text as given."""
    return find_behind_gate(text) if may_hold_personal_data(text) else []


def find_behind_gate(text: str) -> list[Span]:
    """What `find` does with a text that passed the gate."""
    folded = fold(text)
    return [Span(*folded.original(span.start, span.end), span.kind) for span in _settle(_candidates(folded))]
