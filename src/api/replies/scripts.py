"""The written answers, read from scripts.yaml. Used by the offline responder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from api.knowledge.features import normalised
from api.risk.model import Level
from api.shipped import read_yaml

SCRIPTS_FILE = Path(__file__).with_name("scripts.yaml")

Language = Literal["zh", "en"]

# What to say first where several apply: what kills within minutes comes before what kills within hours.
_CRISIS_ORDER = ("overdose", "violence", "suicide", "self_harm")
_ASKS = re.compile(
    r"[?？]|嗎|呢|什麼|甚麼|怎麼|怎樣|如何|哪|幾|誰|多少|多久|可不可以|能不能|是不是|有沒有|請問|請教|推薦|告訴我|幫我"
    r"|\b(?:what|how|where|when|who|why|which|can|could|do|does|is|are|should|recommend|tell me|write)\b",
    re.I,
)
_MARKS = " ~～!！?？.。,，…、"


@dataclass(frozen=True)
class Scripts:
    """All written answers of one release."""

    _data: Mapping[str, Any]

    def crisis(self, categories: Sequence[str], level: Level, language: Language) -> str:
        """What a person in danger reads first: stay, one number, one step. It always says something."""
        kind = next((name for name in _CRISIS_ORDER if name in categories), "general")
        degree = "imminent" if level >= Level.IMMINENT else "high"
        return str(self._data["crisis"][kind][degree][language])

    def small_talk(self, message: str, language: Language) -> str | None:
        """The answer to a message that is a greeting, thanks or the like and nothing more."""
        said = normalised(message).strip(_MARKS)
        for talk in self._data["small_talk"]:
            if said in talk["said"]:
                return str(talk[language])
        return None

    def opening(self, categories: Sequence[str], language: Language) -> str:
        """What acknowledges the person before a fact; empty where nothing is the matter."""
        openings = self._data["openings"]
        return next((str(said[language]) for name, said in openings.items() if name in categories), "")

    def watchful(self, language: Language) -> str:
        """The line that names help where things look worrying."""
        return str(self._data["watchful"][language])

    def question(self, turn: int, language: Language) -> str:
        """The gentle question that closes an answer, another one as the conversation goes on."""
        return _rotated(self._data["questions"][language], turn)

    def entry_for(self, categories: Sequence[str]) -> str | None:
        """The entry that is about a worry as such."""
        entries = self._data["by_category"]
        return next((str(entry) for name, entry in entries.items() if name in categories), None)

    def unknown(self, message: str, turn: int, language: Language) -> str:
        """What is said when the knowledge base has nothing on it: listening, unless something was asked."""
        kind = "unknown" if _ASKS.search(message) else "listening"
        return _rotated(self._data[kind][language], turn)


@lru_cache(maxsize=1)
def shipped_scripts() -> Scripts:
    """The scripts of this release."""
    return Scripts(read_yaml(SCRIPTS_FILE))


def language_of(message: str) -> Language:
    """English where there are Latin words and no Chinese character; the service's own language otherwise."""
    if any("\u3400" <= character <= "\u9fff" or "\u3100" <= character <= "\u312f" for character in message):
        return "zh"
    letters = sum(character.isascii() and character.isalpha() for character in message)
    return "en" if letters >= 2 else "zh"


def _rotated(lines: Sequence[str], turn: int) -> str:
    return str(lines[turn % len(lines)])
