"""Finds names of people in folded text. Called by `engine`.

A Chinese name has no shape of its own, so evidence is added up: the surname, how much the
characters behind it look like a given name, what stands on both sides, and what common words it
would break. Roman and indigenous names are in `names.foreign`.
"""

import re
from collections.abc import Iterator
from functools import cache

from redaction.names import contexts, everyday, foreign, tables, words

_THRESHOLD = 5
# A medicine, not a person: 贊安諾0.5mg.
_DOSE = re.compile(
    r"[一-鿿]{0,2} ?[0-9]{1,4}(?:\.[0-9]{1,3})? ?(?:mg|毫克|g|ml|顆|錠|粒|公克|毫升)", re.IGNORECASE
)
_STRONG, _WEAK = 4, 2
_RARE = 1
_LONGEST_INTRODUCTION = max(map(len, contexts.INTRODUCING))
# 通報人：林…, 姓名 林…
_FIELD = re.compile(
    rf"(?:{'|'.join(sorted((w for w in contexts.INTRODUCING if len(w) > 1), key=len, reverse=True))})"
    r" ?[:=(\-] ?$|(?:姓名|名字|聯絡人) $"
)


def _characters(text: str) -> frozenset[str]:
    return frozenset(text.replace("\n", ""))


def _words(groups: str) -> frozenset[str]:
    return frozenset(group[0] + other for group in groups.split() for other in group[1:])


class Lexicon:
    """The tables in the form the finder asks them; built once, at the first text that may hold a name."""

    def __init__(self) -> None:
        self.plain = _characters(tables.PLAIN_SURNAMES)
        self.doubtful = _characters(tables.DOUBTFUL_SURNAMES)
        self.common = _characters(tables.EVERYDAY_SURNAMES)
        self.surnames = self.plain | self.doubtful | self.common
        self.given = {sign: level for level, signs in tables.GIVEN.items() for sign in _characters(signs)}
        self.everyday = _characters(everyday.EVERYDAY)
        self.compound = frozenset(tables.COMPOUND_SURNAMES.split())
        self.surname_first = _words(words.SURNAME_FIRST + everyday.SURNAME_AND_RARE)
        self.surname_last = frozenset(word[::-1] for word in _words(words.SURNAME_LAST))
        self.two_given = _words(words.TWO_GIVEN)
        self.whole = frozenset(words.WHOLE.split())
        start = "".join(sorted(self.surnames))
        given = rf"(?![{''.join(sorted(self.everyday))}])[一-鿿]"
        # Of surname and two characters at least one of the two is a name character, unless a
        # field introduces them.
        self.starts = re.compile(
            rf"(?:{'|'.join(sorted(self.compound))})|[{start}]"
            rf"(?={given}|[一-鿿]{given}|[一-鿿]{{2}}(?![一-鿿]))"
        )
        self.spaced = re.compile(
            rf"(?<![一-鿿])?([{start}])( {{1,2}}|[、·.\-*_/|~])([一-鿿])\2([一-鿿])(?![、·*_/|~][一-鿿\[])"
        )
        self.clan = re.compile(rf"[{start}]氏(?!症|家|族|宗|企|集|海|星|兒|體|效)[一-鿿]{{1,3}}")
        keys = contexts.NAME_KEYS
        self.labelled = re.compile(
            rf"(?<![A-Za-z])(?:{keys})[\"']?\s?[=:]\s?u?[\"']?([一-鿿·]{{2,6}})(?![一-鿿])", re.IGNORECASE
        )

    def surname_weight(self, surname: str) -> int:
        if len(surname) > 1:
            return 2
        if surname in self.plain:
            return 1
        return 0 if surname in self.doubtful else -1


@cache
def lexicon() -> Lexicon:
    """The one lexicon."""
    return Lexicon()


def is_han(character: str) -> bool:
    """Whether this is one Han character."""
    return "一" <= character <= "鿿"


def _left(text: str, start: int) -> int:
    """How much the text in front of `start` says that a name begins."""
    for length in range(_LONGEST_INTRODUCTION, 0, -1):
        if start >= length and text[start - length : start] in contexts.INTRODUCING:
            return _STRONG if length > 1 else 3
    before = text[start - 1 : start]
    if before == "]":
        return 0  # a replacement says nothing, or redacting would eat its way through a text
    if _FIELD.search(text, max(0, start - _LONGEST_INTRODUCTION - 3), start):
        return _STRONG
    if not before or not is_han(before):
        if before in {":", "="} or before in {'"', "'", "("}:
            return 3
        return _WEAK
    return _WEAK if before in contexts.LINKING else 0


def _right(text: str, end: int) -> int:
    after = text[end : end + 1]
    if after == "[":
        return -1
    if not after or not is_han(after):
        return 2
    if text.startswith(contexts.TITLES, end):
        return 3
    if text.startswith(contexts.SAID_OF_A_PERSON, end):
        return 2
    if text.startswith(contexts.FOLLOWING_WORDS, end):
        return 1
    return 1 if after in contexts.FOLLOWING else -1


def _given_score(given: str, unknown: int = -2) -> int:
    """How much these characters look like a given name; a rare character does."""
    known, everyday = lexicon().given, lexicon().everyday
    return sum(known.get(sign, unknown if sign in everyday else _RARE) for sign in given)


def _score(text: str, start: int, surname: str, end: int, left: int) -> int:
    """Evidence that `text[start:end]`, beginning with `surname`, is a name."""
    known = lexicon()
    given = text[start + len(surname) : end]
    right = _right(text, end)
    # A form field leaves no doubt that this is a name, whatever its characters.
    field = left >= _STRONG and right >= _WEAK and len(given) == 2 and surname[0] in known.plain
    score = known.surname_weight(surname) + _given_score(given, -1 if field else -2) + left + right
    if len(given) == 1:
        score -= 1
    name = text[start:end]
    if (
        name in known.whole
        or name[:2] in known.whole
        or given[0] == "姓"
        or given == surname
        or _is_address(text, end, given)
    ):
        return -9  # 余姓志工 names a family, 黃阿姨 addresses someone, 丁丁 is a pet name
    if _DOSE.match(text, end):
        return -9
    if given[-1] in known.everyday and not field:
        score -= 2
    if len(surname) == 1 and name[:2] in known.surname_first:
        score -= _word_penalty(name, given)
    if start and text[start - 1] + name[0] in known.surname_last and left < _STRONG:
        score -= 3
    if len(given) == 2 and given in known.two_given:
        score -= 2
    if (
        all(character in contexts.BY_SOUND for character in name + text[end : end + 1])
        and text[end : end + 1]
    ):
        score -= 3  # a foreign word written by sound goes on behind the match
    following = given[-1] + text[end : end + 1]
    if following in known.two_given or following in known.surname_first:
        score -= 3
    return score


def _is_address(text: str, end: int, given: str) -> bool:
    """Whether what looks like a given name is a title or its beginning: 黃阿姨, 趙小(姐)."""
    return given in contexts.ADDRESSED or text[end - 1 : end + 1] in contexts.ADDRESSED


def _word_penalty(name: str, given: str) -> int:
    """What it costs that the name begins with a common word.

    高尚恩, less so when its last character is a name's.
    """
    if len(given) == 1:
        return 5
    penalty = 3 if name[0] in lexicon().plain else 5
    return penalty - 2 if lexicon().given.get(given[-1], 0) == 3 else penalty


def _lengths(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Surnames that may begin here, each with the ends of the names they may begin."""
    known = lexicon()
    two = text[start : start + 2]
    if two in known.compound:
        yield two, start + 4
        yield two, start + 3
    elif len(two) == 2 and two[0] != two[1] and two[1] in known.plain and two not in known.whole:
        yield two, start + 4
    yield text[start], start + 3
    yield text[start], start + 2


def _best(text: str, start: int) -> tuple[int, int]:
    """The best score of a name that begins here, and its end."""
    best, best_end = -99, start
    left = _left(text, start)
    for surname, end in _lengths(text, start):
        if end > len(text) or not all(map(is_han, text[start:end])):
            continue
        score = _score(text, start, surname, end, left)
        if end - start == 2:
            score -= 0 if _right(text, end) > 0 or left >= _STRONG else 3
        if score > best and not (best >= _THRESHOLD and end - start == 2 and _goes_on(text, end)):
            best, best_end = score, end
    return best, best_end


def _goes_on(text: str, end: int) -> bool:
    """Whether the character behind a short name is more likely its last one than the next word's first."""
    after = text[end : end + 1]
    return after in lexicon().given or (after not in contexts.FOLLOWING and after not in lexicon().everyday)


def _plain_names(text: str) -> Iterator[tuple[int, int]]:
    free_from = 0
    for match in lexicon().starts.finditer(text):
        start = match.start()
        if start < free_from:
            continue
        score, end = _best(text, start)
        if score >= _THRESHOLD:
            yield start, end
            free_from = end


def _spaced_names(text: str) -> Iterator[tuple[int, int]]:
    """`李、彩、鳳`: one character at a time."""
    for match in lexicon().spaced.finditer(text):
        if _given_score(match[3] + match[4]) >= 3:
            yield match.span()


def _clan_names(text: str) -> Iterator[tuple[int, int]]:
    """Vietnamese women's names as written here: surname, 氏, one or two characters."""
    for match in lexicon().clan.finditer(text):
        start, end = match.span()
        while end - start > 3 and (
            text[end - 1] in contexts.FOLLOWING
            or end - start > 4
            or (text[end - 1] in lexicon().everyday and text[end - 1] not in lexicon().given)
        ):
            end -= 1
        yield start, end


def _labelled_names(text: str) -> Iterator[tuple[int, int]]:
    if ":" not in text and "=" not in text:
        return
    known = lexicon()
    for match in known.labelled.finditer(text):
        value = match[1]
        if (
            (value[0] in known.surnames and len(value) <= 3 and value[:2] not in known.surname_first)
            or (len(value) == 4 and (value[:2] in known.compound or {*value[:2]} <= known.plain))
            or "·" in value
            or match[0].lower().startswith(("person", "caller", "patient", "姓名"))
        ):
            yield match.span(1)


def names(text: str) -> Iterator[tuple[int, int]]:
    """Where names stand in folded text; may overlap."""
    if not text.isascii():
        yield from _plain_names(text)
        yield from _spaced_names(text)
        yield from _clan_names(text)
        yield from _labelled_names(text)
    yield from foreign.names(text)
