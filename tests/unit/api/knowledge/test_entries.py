"""The shipped entries: every number is known, every fact has a source, the docs list them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.knowledge.entry import load_entries, shipped_entries
from api.knowledge.numbers import KNOWN_NUMBERS, MORE_LINES
from api.replies.vetting import unknown_numbers

ENTRIES = shipped_entries()
DOCS = Path(__file__).parents[4] / "docs" / "reference" / "knowledge.md"


def test_entries_name_known_numbers_only() -> None:
    for entry in ENTRIES:
        assert unknown_numbers(f"{entry.title}\n{entry.text}\n{entry.english}") == [], entry.id


def test_every_number_that_a_reply_may_name_is_explained_by_an_entry() -> None:
    said = "".join(entry.title + entry.text for entry in ENTRIES).replace("-", "")
    assert [number for number in sorted(KNOWN_NUMBERS) if number not in said] == []
    assert len({line.number for line in MORE_LINES}) == len(MORE_LINES)


def test_entries_are_short_and_in_chinese() -> None:
    for entry in ENTRIES:
        assert 35 <= len(entry.text) <= 160, entry.id
        assert len(re.findall(r"[\u4e00-\u9fff]", entry.text)) > len(entry.text) / 2, entry.id
        assert len(entry.keywords) >= 6 or entry.id.startswith("hotline-"), entry.id


def test_english_texts_are_english() -> None:
    english = [entry.english for entry in ENTRIES if entry.english]
    assert len(english) >= 25
    assert [text for text in english if not text.isascii()] == []


def test_entries_that_state_public_facts_name_their_source() -> None:
    facts = [entry for entry in ENTRIES if entry.id.startswith("hotline-") or "條例" in entry.text]
    assert len(facts) > 10
    assert [entry.id for entry in facts if not entry.source] == []


def test_what_is_stored_of_an_entry_changes_its_hash() -> None:
    by_id = {entry.id: entry for entry in ENTRIES}
    assert len({entry.content_sha256 for entry in ENTRIES}) == len(by_id)


def test_two_entries_of_one_id_are_refused(tmp_path: Path) -> None:
    row = "- {id: sleep, title: 睡, text: 睡, keywords: [睡]}\n"
    path = tmp_path / "entries.yaml"
    path.write_text(row * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="share an id"):
        load_entries(path)


def test_the_reference_lists_exactly_the_shipped_entries() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("## Entries")[2]
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", table, re.M)
    assert [(name, title.strip()) for name, title in listed] == [(entry.id, entry.title) for entry in ENTRIES]
