"""Folds a message to the one form the rules are written in, and remembers where every character came from.

Used by `api.risk.rule_engine`. People hide words (width, zero-width, spacing, look-alikes, zhuyin,
homophones, simplified characters); the rules should not have to know. The tables: `rules/spelling.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

_HAN = "\u3400-\u9fff\u3105-\u3129ˊˇˋ˙"
_GAP = r"[ \t\n,.?、·・…*_\-~|/\\+=#^\"':;]"
# One character at a time between separators, at least three of them: 「又 ， 抽 ， 了」.
_SPACED_HAN = re.compile(rf"(?<![{_HAN}])[{_HAN}](?:{_GAP}{{1,4}}[{_HAN}]){{2,}}(?![{_HAN}])")
_SPACED_LATIN = re.compile(r"(?<![a-z0-9])[a-z0-9](?:[ \n_\-*]{1,2}[a-z0-9]){3,}(?![a-z0-9])")
_BLANK_IN_HAN = re.compile(rf"(?<=[{_HAN}])[ \t]+(?=[{_HAN}])|(?<=[a-z])'(?=[a-z])")
_LEET = re.compile(r"(?<![a-z])[a-z]{1,12}[01345@$][a-z]{1,12}")
_LEET_LETTERS = str.maketrans("01345@$", "oieasas")
_REPEATED = re.compile(r"([^\d\n .])\1{2,}")
_ZHUYIN = re.compile(r"[\u3105-\u3129][\u3105-\u3129一]{0,2}[ˊˇˋ˙ˉ]?")
_SENTENCE = re.compile(r"[^\n?]{0,79}(?:[\n?]|(?<=.{79}))", re.DOTALL)
_SHORTEST = 10
_PUNCTUATION = {
    "，": ",",
    "、": ",",
    ";": ",",
    "。": "\n",
    "!": "\n",
    ".": "\n",
    "…": "\n",
    "\r": "\n",
    "\t": " ",
    "’": "'",
    "‘": "'",
    "`": "'",
    "ˉ": "",
    "臺": "台",
    "裏": "裡",
    "妳": "你",
    "她": "他",
    "牠": "他",
    "它": "他",
    "菸": "煙",
    "葯": "藥",
}


@dataclass(frozen=True, slots=True)
class Folded:
    """A message in rule form.

    Attributes:
        text: what the rules are matched against.
        starts: for each character of `text`, the offset in the original where it begins.
        ends: for each character of `text`, the offset in the original after it.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def sentences(self) -> list[Folded]:
        """Cut at the ends of sentences; a stub goes with the next, and one without an end is cut anyway."""
        cuts = [0]
        for match in _SENTENCE.finditer(self.text):
            if match.end() - cuts[-1] >= _SHORTEST:
                cuts.append(match.end())
        cuts.append(len(self.text))
        return [Folded(self.text[a:b], self.starts[a:b], self.ends[a:b]) for a, b in pairwise(cuts) if b > a]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original message behind `text[start:end]`."""
        if start >= end or start >= len(self.starts):
            return (0, 0)
        return (self.starts[start], self.ends[end - 1])


@dataclass(frozen=True, slots=True)
class Spelling:
    """The tables of `rules/spelling.yaml`, ready for use.

    Attributes:
        characters: one character for another (simplified for traditional).
        zhuyin: a zhuyin syllable for the character that it most likely stands for here.
        homophones: one pattern for every deliberate misspelling, and what each stands for.
        replacements: the misspelling and what it stands for.
        conditional: misspellings that count only in their surroundings.
    """

    characters: Mapping[str, str]
    zhuyin: Mapping[str, str]
    homophones: re.Pattern[str]
    replacements: Mapping[str, str]
    conditional: Sequence[tuple[re.Pattern[str], str]]


class Folder:
    """Folds messages with one set of tables; keeps what it learnt about single characters."""

    _KNOWN_LIMIT = 20_000  # distinct characters remembered; a hostile stream of them must not grow us

    def __init__(self, spelling: Spelling) -> None:
        """Takes the tables."""
        self._spelling = spelling
        self._known: dict[str, str] = {}

    def fold(self, text: str) -> Folded:
        """The whole way, in the order in which the disguises lie over each other."""
        folded = self._characters(text)
        if _SPACED_HAN.search(folded.text):
            folded = _rewrite(folded, _SPACED_HAN, lambda m: re.sub(_GAP, "", m[0]))
        folded = _rewrite(folded, _SPACED_LATIN, _join_letters)
        folded = _rewrite(folded, _BLANK_IN_HAN, lambda _: "")
        folded = _rewrite(folded, _LEET, lambda m: m[0].translate(_LEET_LETTERS))
        folded = _rewrite(folded, _REPEATED, _once)
        folded = _rewrite(folded, _ZHUYIN, self._read_zhuyin)
        folded = _rewrite(folded, self._spelling.homophones, self._respell)
        for pattern, right in self._spelling.conditional:
            folded = _rewrite(folded, pattern, partial(_always, right))
        return folded

    def _characters(self, text: str) -> Folded:
        letters: list[str] = []
        starts: list[int] = []
        known = self._known
        for offset, character in enumerate(text):
            form = known.get(character)
            if form is None:
                form = self._learn(character)
            letters.append(form)
            starts.extend([offset] * len(form))
        return Folded("".join(letters), starts, [start + 1 for start in starts])

    def _learn(self, character: str) -> str:
        form = character
        if unicodedata.category(character) in {"Cf", "Mn", "Me", "Cc"} and character not in "\n\r\t":
            form = ""
        elif character not in "…˙":
            form = unicodedata.normalize("NFKC", character).lower()
        form = "".join(self._spelling.characters.get(c, c) for c in form)
        form = "".join(_PUNCTUATION.get(c, c) for c in form)
        if len(self._known) < self._KNOWN_LIMIT:
            self._known[character] = form
        return form

    def _read_zhuyin(self, match: re.Match[str]) -> str:
        syllable = match[0].replace("一", "ㄧ")
        table = self._spelling.zhuyin
        return table.get(syllable) or table.get(syllable.rstrip("ˊˇˋ˙"), match[0])

    def _respell(self, match: re.Match[str]) -> str:
        found = match[0]
        straight = self._spelling.replacements.get(found)
        if straight is not None:
            return straight
        joined = re.sub(_GAP, "", found)
        return self._spelling.replacements.get(joined, joined)


def _always(right: str, _: re.Match[str]) -> str:
    return right


def _once(match: re.Match[str]) -> str:
    # "killll" is "kill", 「死死死」 is 「死」; "sooo" is "so".
    return "ll" if match[1] == "l" else match[1]


def _join_letters(match: re.Match[str]) -> str:
    # "k i l l  m e": a double gap was a word boundary.
    return re.sub(r"[ \n_\-*]{1,2}", lambda gap: " " if gap[0] == "  " else "", match[0])


def _rewrite(folded: Folded, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> Folded:
    """Replaces each match; a replaced stretch keeps the span of what it stood for."""
    found = pattern.search(folded.text)
    if found is None:
        return folded
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for match in pattern.finditer(folded.text, found.start()):
        begin, end = match.span()
        new = replace(match)
        pieces += (folded.text[position:begin], new)
        starts += folded.starts[position:begin]
        ends += folded.ends[position:begin]
        if len(new) == end - begin:
            starts += folded.starts[begin:end]
            ends += folded.ends[begin:end]
        else:
            starts += [folded.starts[begin]] * len(new)
            ends += [folded.ends[end - 1]] * len(new)
        position = end
    pieces.append(folded.text[position:])
    starts += folded.starts[position:]
    ends += folded.ends[position:]
    return Folded("".join(pieces), starts, ends)
