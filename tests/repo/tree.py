"""The files of this repository as the rules look at them. Used by the tests in this folder only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = (".ci", ".github", "bench", "deployment", "docs", "requirements", "src", "tests")
_LEFT_OUT = {"__pycache__", "results", ".terraform"}
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the repository."""
    top = (p for p in ROOT.iterdir() if p.is_file() and p.name not in {".coverage", "xiong.toml"})
    below = (p for folder in _FOLDERS for p in (ROOT / folder).rglob("*") if p.is_file())
    return tuple(sorted(p for p in (*top, *below) if not _LEFT_OUT & set(p.relative_to(ROOT).parts)))


def python(*folders: str) -> list[Path]:
    """The Python files below these folders."""
    return [p for p in files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in folders]


def pages() -> list[Path]:
    """The Markdown pages for people."""
    return [p for p in files() if p.suffix == ".md" and p.relative_to(ROOT).parts[0] not in {"src", "tests"}]


def named(path: Path) -> str:
    """A file as failures name it."""
    return path.relative_to(ROOT).as_posix()


def read(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def texts() -> Iterator[tuple[str, str]]:
    """(name, content) of every text file."""
    for path in files():
        try:
            yield named(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def fences(page: str) -> list[tuple[str, str]]:
    """(language, content) of the fenced blocks of a page."""
    return [(m[1], m[2]) for m in _FENCE.finditer(page)]


def prose(page: str) -> str:
    """A page without its fenced blocks and without comments."""
    return re.sub(r"<!--.*?-->", "", _FENCE.sub("", page), flags=re.DOTALL)


def inline_code(page: str) -> list[str]:
    """What stands between single backticks outside of the blocks."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def anchors(page: str) -> set[str]:
    """The anchors that the headings of a page give."""
    titles = (re.sub(r"[`*\[\]]", "", m[1]).lower() for m in _HEADING.finditer(prose(page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def links(page: str) -> list[str]:
    """The targets of the links of a page."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page)))


def tables(page: str) -> list[list[str]]:
    """The cells of every table row of a page, heads and rulers left out."""
    lines = [line.strip() for line in prose(page).splitlines() if line.startswith("|")]
    rows = [re.split(r"(?<!\\)\|", line.strip("|")) for line in lines]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [row for row in cells if row[0].startswith("`")]
