"""Invented identities, and the search for them in what a program wrote, byte for byte and in disguise.

Used by every test that plants identities and then looks through logs, answers, pages, receipts or
bundles. The identities are in `data/planted.json`; a test that searches should also show that the
search finds them where they belong.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data" / "planted.json"
_ROUNDS = 3  # an escape of an escape of an escape
_CODES = re.compile(r"\\+u([0-9a-fA-F]{4})")
_BYTES = re.compile(r"(?:(?:%|\\+x|=)[0-9a-fA-F]{2})+")


@dataclass(frozen=True)
class Planted:
    """One identity.

    Attributes:
        kind: what it is, in the words of `redaction.Kind`.
        value: the identity alone.
        sentence: what a person says who gives it.
    """

    kind: str
    value: str
    sentence: str


@cache
def planted() -> tuple[Planted, ...]:
    """One identity of every kind; nobody has it."""
    rows = json.loads(_DATA.read_text(encoding="utf-8"))
    return tuple(Planted(row["kind"], row["value"], row["said"].format(row["value"])) for row in rows)


def leaks(places: Mapping[str, bytes]) -> list[str]:
    """Each place that holds an identity, with its kind and what stands around it; empty when all is well."""
    found = []
    for name, data in places.items():
        folded = _folded(data)
        for identity in planted():
            raw = identity.value.encode()
            at = _pattern(identity.value).search(folded)
            if at is not None:
                found.append(
                    f"{name}: {identity.kind} in …{folded[max(0, at.start() - 60) : at.end() + 30]!r}"
                )
            elif raw in data:
                found.append(f"{name}: {identity.kind}")
    return found


def files_below(folder: Path, *, without: Iterable[Path] = ()) -> dict[str, bytes]:
    """The content of every file below a folder, by name; what lies below `without` is left out."""
    skipped = tuple(without)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(path.is_relative_to(other) for other in skipped)
    }


def _folded(data: bytes) -> str:
    """The text behind widths, cases and escapes of JSON, Python, URLs, mails and HTML."""
    text = re.sub(r"=\r?\n", "", data.decode("utf-8", "replace"))  # where a mail breaks its lines
    for _ in range(_ROUNDS):
        text = _CODES.sub(lambda code: chr(int(code[1], 16)), text)
        text = _BYTES.sub(_decoded, text)
        text = html.unescape(text)
    return unicodedata.normalize("NFKC", text).casefold()


def _decoded(found: re.Match[str]) -> str:
    """UTF-8 behind `%E6`, `\\xe6` or `=E6`; what is none stays, so that `a=12` is not eaten."""
    units = bytes(int(unit, 16) for unit in re.findall(r"[0-9a-fA-F]{2}", found[0]))
    if found[0].startswith("=") and min(units) < 0x80:
        return found[0]
    try:
        return units.decode()
    except UnicodeDecodeError:
        return found[0]


@cache
def _pattern(value: str) -> re.Pattern[str]:
    """The value with anything short between its letters and digits, and no more digits around it."""
    plain = [sign for sign in unicodedata.normalize("NFKC", value).casefold() if sign.isalnum()]
    body = r"[^0-9a-z\u4e00-\u9fff\n]{0,3}".join(map(re.escape, plain))
    return re.compile(rf"(?<![0-9]){body}(?![0-9])")
