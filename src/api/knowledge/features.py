"""Text into weighted features: character n-grams of Chinese runs, words of Latin runs.

Used by the offline embedder. Changing anything here changes the vectors: give the embedder a new name then.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

_RUN = re.compile(r"[a-z0-9][a-z0-9'-]*|[\u3400-\u9fff]+")
# Characters that carry little of the topic; written out, since a list from a corpus would move with it.
_STOP_CHARACTERS = frozenset(
    "的了是我你他她它們這那有在就也都還很啊嗎呢吧喔哦會要可以一個什麼怎為和與或但又再把被讓給到去來說好"
    "想不沒得著過對跟真多少從最能做上下時候請打先自己人"
)
_STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "have"),
        *("how", "i", "if", "in", "is", "it", "me", "my", "not", "of", "on", "or", "so", "that", "the"),
        *("there", "they", "this", "to", "was", "we", "what", "when", "where", "who", "will", "with", "you"),
        *("your", "am", "i'm", "i've", "can't", "don't", "it's", "feel", "about"),
    )
)
_SIZE_WEIGHT = {1: 0.1, 2: 1.0, 3: 1.0}


def normalised(text: str) -> str:
    """One spelling for what people type in many: width, case, white space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.replace("臺", "台").split())


def features(text: str) -> dict[str, float]:
    """Weights by feature name; in order of first appearance, so that sums are the same everywhere."""
    counts = Counter(_names(normalised(text)))
    return {name: _weight(name) * _dampened(count) for name, count in counts.items()}


def _names(text: str) -> Iterator[str]:
    for run in _RUN.findall(text):
        if run[0].isascii():
            yield "w:" + _stem(run)
        else:
            for size in _SIZE_WEIGHT:
                yield from ("c:" + gram for gram in _grams(run, size))


def _stem(word: str) -> str:
    # enough for "cravings", "needles", "friend's"; a real stemmer would be a dependency for a few words
    bare = word.removesuffix("'s")
    return bare[:-1] if len(bare) > 3 and bare.endswith("s") and not bare.endswith("ss") else bare


def _grams(run: str, size: int) -> Iterator[str]:
    return (run[start : start + size] for start in range(len(run) - size + 1))


def _weight(name: str) -> float:
    kind, value = name[0], name[2:]
    if kind == "w":
        return 0.1 if value in _STOP_WORDS else 1.5
    telling = sum(character not in _STOP_CHARACTERS for character in value) / len(value)
    return _SIZE_WEIGHT[len(value)] * (0.1 + 0.9 * telling)


def _dampened(count: int) -> float:
    # 1, 1.5, 1.75, … towards 2: a repeated word says little more; exact in binary floats, unlike a logarithm
    return 2.0 - 0.5 ** (min(count, 20) - 1)
