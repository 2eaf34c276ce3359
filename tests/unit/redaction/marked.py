"""Reads `data/tricky.txt`: lines in which ⟦KIND|value⟧ marks what must be found."""

import re
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parent / "data"

Expected = tuple[int, int, str]


def parse(line: str) -> tuple[str, list[Expected]]:
    """The text without marks, and where the marks stood."""
    text = ""
    spans: list[Expected] = []
    for part in re.split(r"(⟦[^⟧]*⟧)", line):
        if part.startswith("⟦"):
            kind, value = part[1:-1].split("|", 1)
            spans.append((len(text), len(text) + len(value), kind))
            text += value
        else:
            text += part
    return text, spans


def lines(name: str) -> Iterator[str]:
    """The lines of a data file that are not comments."""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line
