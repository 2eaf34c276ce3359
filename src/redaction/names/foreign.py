"""Names in Roman script, and indigenous or foreign ones written by sound in Han characters.

Called by `names.finder`.
"""

import re
from collections.abc import Iterator
from functools import cache

from redaction.names import contexts

_SYLLABLE = r"(?:zh|ch|sh|hs|ts|tz|[bpmfdtnlgkhjqxrzcsyw])?h?[aeiou]{1,3}(?:ng|n|r|h)?"
_CAP = r"(?:[A-Z][a-z]{1,12})"
# English words that are also surnames in Roman letters: not enough in lower case.
_ENGLISH = frozenset(
    [
        "he",
        "you",
        "so",
        "do",
        "long",
        "an",
        "may",
        "pan",
        "fan",
        "tan",
        "sun",
        "ho",
        "lo",
        "ma",
        "song",
        "tong",
        "ting",
        "lie",
        "she",
        "hung",
        "fang",
        "kung",
        "han",
        "mao",
        "le",
        "ou",
        "tang",
        "lee",
        "can",
    ]
)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    surnames, given = contexts.ROMAN_SURNAMES, rf"(?:{_SYLLABLE}-{_SYLLABLE})"
    any_case = re.IGNORECASE
    return (
        # Chang Meng-Ju, CHANG, MENG-JU, chang meng-ju
        re.compile(rf"(?<![A-Za-z0-9\-_./@])({surnames}),? ?(?<=[ ,]){given}(?![A-Za-z0-9\-_@])", any_case),
        # CHEN/MEI-HUI, as on a ticket
        re.compile(rf"(?<![A-Za-z0-9\-_./@])({surnames})/{given}(?![A-Za-z0-9\-_@])", any_case),
        # Meng-Ju Chang
        re.compile(rf"(?<![A-Za-z0-9\-_./@]){given} ({surnames})(?![A-Za-z0-9\-_@])", any_case),
        # Nguyen Thi Hoa
        re.compile(
            (
                rf"(?<![A-Za-z0-9\-_./@])(?:{contexts.VIETNAMESE_SURNAMES}) (?:thi|van|huu|duc|minh|ngoc|"
                rf"thanh|quoc|kim)(?: [a-z]{{2,7}}){{1,2}}?(?![A-Za-z])(?= ?[^a-z ]| ?$| [a-z])"
            ),
            any_case,
        ),
    )


@cache
def _capitalised() -> tuple[re.Pattern[str], ...]:
    surnames = "|".join(name.capitalize() for name in contexts.ROMAN_SURNAMES.split("|"))
    return (
        # Chen Mei Ling
        re.compile(
            rf"(?<![A-Za-z0-9\-_./@])(?:{surnames}),? [A-Z][a-z]{{1,5}}[ \-]?(?:[A-Z][a-z]{{1,5}})"
            rf"(?![A-Za-z0-9\-_@])"
        ),
        re.compile(
            rf"(?<![A-Za-z0-9\-_./@])[A-Z][a-z]{{1,5}}[ \-](?:[A-Z][a-z]{{1,5}}) (?:{surnames})"
            rf"(?![A-Za-z0-9\-_@])"
        ),
        # my name is Siti Nurhaliza
        re.compile(
            rf"(?i:(?<![a-z])(?:{contexts.ENGLISH_INTRODUCING})) (?P<v>{_CAP}(?:[ \-]{_CAP}){{1,3}})"
            rf"(?![A-Za-z0-9])"
        ),
        re.compile(rf"(?i:(?<![a-z])(?:my|his|her) name(?:'s| is|:)) (?P<v>{_CAP})(?![A-Za-z0-9])"),
    )


@cache
def _introduced() -> re.Pattern[str]:
    """A Roman name behind a Chinese word that introduces names, or behind a log key."""
    introducing = "|".join(
        sorted(
            (word for word in contexts.INTRODUCING if len(word) > 1 or word == "叫"), key=len, reverse=True
        )
    )
    return re.compile(
        rf"(?:{introducing}|(?<![A-Za-z])(?!name)(?:{contexts.NAME_KEYS})[\"']?[=:])"
        rf"[ :=,(\"']{{0,3}}(?P<v>{_CAP}(?:[ \-]{_CAP}){{1,3}})(?![A-Za-z0-9_@])"
    )


@cache
def _by_sound() -> tuple[re.Pattern[str], re.Pattern[str]]:
    sound = f"[{contexts.BY_SOUND}]"
    introducing = "我叫|名叫|叫做|姓名:?|名字(?:是|叫)?|族名|看護|移工|外籍配偶|配偶|本人"
    return (
        re.compile(
            rf"{sound}{{1,5}}·{sound}{{1,5}}(?:·{sound}{{1,5}})?|{sound}{{2,5}}[.] ?{sound}{{2,5}}(?![一-鿿])"
        ),
        re.compile(rf"(?:{introducing})({sound}{{3,6}})(?![一-鿿])"),
    )


_LATIN = re.compile("[A-Za-z]{2}")
_TWO_CAPITALISED = re.compile(r"[A-Z][a-z]+[ ,\-]{1,3}[A-Z]|(?i:name)(?:'s| is|:) [A-Z]")
_SPOKEN = re.compile("叫|姓名|名字|族名|看護|移工|配偶|本人")


def _roman(text: str) -> Iterator[tuple[int, int]]:
    *hyphenated, vietnamese = _patterns()
    cheap = hyphenated if "-" in text else ()
    for pattern in (*cheap, vietnamese):
        for match in pattern.finditer(text):
            surname = match[1] if pattern.groups else ""
            if surname and surname.islower() and surname in _ENGLISH:
                continue
            yield match.span()
    if _TWO_CAPITALISED.search(text) is None:
        return
    for pattern in (*_capitalised(), _introduced()):
        for match in pattern.finditer(text):
            yield match.span("v") if "v" in match.groupdict() else match.span()


def names(text: str) -> Iterator[tuple[int, int]]:
    """Where such names stand in folded text."""
    if _LATIN.search(text):
        yield from _roman(text)
    if text.isascii():
        return
    dotted, spoken = _by_sound()
    if "·" in text or "." in text:
        yield from (match.span() for match in dotted.finditer(text))
    if _SPOKEN.search(text):
        yield from (match.span(1) for match in spoken.finditer(text))
