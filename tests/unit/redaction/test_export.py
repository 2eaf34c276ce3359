"""The table for Logstash: patterns that another engine reads alike, and that do the same on plain forms."""

import json
import re

import pytest

from redaction import Kind, export
from redaction.scoring import read_lines
from unit.redaction.marked import DATA, lines

FROZEN = DATA / "held_out.jsonl"
PAIRS: list[list[str]] = export.table()["pairs"]


def gsub(text: str) -> str:
    """What Logstash's `gsub` does: one pair after another."""
    for pattern, replacement in PAIRS:
        text = re.sub(pattern, replacement, text)
    return text


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in PAIRS])
def test_a_pattern_uses_only_what_both_engines_have(pattern: str) -> None:
    re.compile(pattern)  # which also refuses a look-behind of more than one length
    assert not re.search(r"\\[bBdDwWsSAZz]|\(\?P|\(\?[a-zA-Z]|\(\?>|[*+?}]\+|&&", pattern)


def test_every_kind_has_a_pattern_and_every_approximation_a_reason() -> None:
    table = export.table()
    assert set(table["kinds"]) == set(Kind)
    assert set(table["approximate"]) <= set(Kind)
    assert all(table["approximate"].values())


def test_the_command_prints_the_table_as_json() -> None:
    assert json.loads(export.as_json()) == json.loads(json.dumps(export.table()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的身分證是E152601818請幫我", "我的身分證是[TW_ID]請幫我"),
        ("居留證A809139098到期", "居留證[TW_ARC]到期"),
        ("打給我０９１２－３４５－６７８謝謝", "打給我[PHONE_MOBILE]謝謝"),
        ("電話(07)334-5678", "電話[PHONE_LANDLINE]"),
        ("信箱abc_1@mail.example.org.tw。", "信箱[EMAIL]。"),
        ("卡號4729 0222 7918 0588", "卡號[CREDIT_CARD]"),
        ("健保卡號000012345678", "健保卡號[NHI_CARD]"),
        ("護照312345678", "護照[PASSPORT]"),
        ("匯到822-123456789012", "匯到[BANK_ACCOUNT]"),
        ("LINE ID是happy_cat88", "LINE ID是[LINE_ID]"),
        ("車牌AB-1234", "車牌[PLATE]"),
        ("生日1984/04/04", "生日[BIRTHDATE]"),
        ("高雄市前鎮區中山二路100號5樓", "[ADDRESS]"),
        ("姓名：陳美玲", "姓名：[NAME]"),
        ("2026-11-24T10:00:00 撥打1925或0800-788-995", "2026-11-24T10:00:00 撥打1925或0800-788-995"),
    ],
)
def test_plain_forms_are_masked_as_in_python(text: str, expected: str) -> None:
    assert gsub(text) == expected


def test_what_the_service_has_redacted_is_not_touched_again() -> None:
    text = "".join(kind.replacement for kind in Kind)
    assert gsub(text) == text


def test_at_most_one_in_100_clean_lines_changes() -> None:
    clean = [line["text"] for line in read_lines(FROZEN) if not line["spans"]]
    changed = [text for text in [*clean, *lines("clean.txt")] if gsub(text) != text]
    assert len(clean) > 500
    assert len(changed) <= len(clean) * 0.01, changed
