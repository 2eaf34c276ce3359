"""The shipped entries, read from entries.yaml. Used by the store, the in-memory search and the responder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from api.shipped import read_yaml

ENTRIES_FILE = Path(__file__).with_name("entries.yaml")


@dataclass(frozen=True)
class Entry:
    """One topic of the knowledge base.

    Attributes:
        id: its name; stable over releases, since the database keys on it.
        title: one line.
        text: what may be told to a person, zh-TW.
        keywords: words people use for it, in either language.
        source: the public page that the facts are from; empty where it is care, not fact.
        english: the same for somebody who writes English; empty where there is none yet.
    """

    id: str
    title: str
    text: str
    keywords: tuple[str, ...]
    source: str
    english: str

    @property
    def searchable(self) -> str:
        """What is embedded. Keywords twice: they are people's own words, the text is ours."""
        words = "、".join(self.keywords)
        return "\n".join((self.title, words, words, self.text))

    @property
    def content_sha256(self) -> str:
        """Changes exactly when something stored about the entry would change."""
        return hashlib.sha256("\x00".join((self.searchable, self.source)).encode()).hexdigest()


def load_entries(path: Path = ENTRIES_FILE) -> tuple[Entry, ...]:
    """Reads entries from a file; raises ValueError when two of them share an id."""
    rows = read_yaml(path)
    entries = tuple(_entry(row) for row in rows)
    if len({entry.id for entry in entries}) != len(entries):
        raise ValueError(f"{path.name}: two entries share an id")
    return entries


@lru_cache(maxsize=1)
def shipped_entries() -> tuple[Entry, ...]:
    """The entries of this release."""
    return load_entries()


def _entry(row: dict[str, object]) -> Entry:
    keywords = row.get("keywords")
    words = tuple(str(word) for word in keywords) if isinstance(keywords, list) else ()
    return Entry(
        id=str(row["id"]),
        title=str(row["title"]),
        text=str(row["text"]),
        keywords=words,
        source=str(row.get("source", "")),
        english=str(row.get("english", "")),
    )
