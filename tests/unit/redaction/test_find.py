"""What is found and what is left alone.

On lines that mark what must be found and on lines that must not change.
"""

from itertools import pairwise

import pytest

from redaction import Kind, Span, find, redact
from unit.redaction.marked import lines, parse

_SHARE = 0.8


@pytest.mark.parametrize("line", list(lines("tricky.txt")))
def test_every_marked_value_is_found_and_nothing_else(line: str) -> None:
    text, expected = parse(line)
    found = find(text)
    for start, end, kind in expected:
        places = {
            place
            for span in found
            if span.kind == kind
            for place in range(max(start, span.start), min(end, span.end))
        }
        assert len(places) >= _SHARE * (end - start), (kind, text[start:end], found)
    for span in found:
        assert any(span.start < end and start < span.end for start, end, _ in expected), (span, text)


@pytest.mark.parametrize("line", list(lines("clean.txt")))
def test_a_line_without_personal_data_does_not_change(line: str) -> None:
    assert redact(line) == line


def test_the_parser_of_marks_would_notice_a_missed_value() -> None:
    text, expected = parse("我的手機⟦PHONE_MOBILE|不是號碼⟧")
    assert expected == [(4, 8, "PHONE_MOBILE")]
    assert find(text) == []


def test_offsets_are_those_of_the_text_as_given() -> None:
    text = "編號\u200b是 \\u6211 ｅ１５２\u200b６０１８１８ 好"
    (span,) = find(text)
    assert span == Span(text.index("ｅ"), text.index(" 好"), Kind.TW_ID)


def test_spans_are_sorted_and_do_not_overlap() -> None:
    spans = find("陳志明 E152601818 0912345678 高雄市三民區建國三路100號 ming@example.com")
    assert [span.kind for span in spans] == [
        Kind.NAME,
        Kind.TW_ID,
        Kind.PHONE_MOBILE,
        Kind.ADDRESS,
        Kind.EMAIL,
    ]
    assert all(left.end <= right.start for left, right in pairwise(spans))


def test_the_replacement_is_the_kind_in_brackets() -> None:
    assert redact("身分證E152601818，手機0912-345-678。") == "身分證[TW_ID]，手機[PHONE_MOBILE]。"


@pytest.mark.parametrize("word", ["設備編號", "資產碼：", "part_no=", "訂單", "案號", "型號"])
def test_an_id_that_is_called_a_serial_is_left_alone(word: str) -> None:
    assert find(f"{word}E152601818") == []


@pytest.mark.parametrize("word", ["身分證", "居留證", "身份證字號：", "national_id="])
def test_an_id_with_a_wrong_check_digit_counts_when_the_words_say_so(word: str) -> None:
    assert [span.kind for span in find(f"{word}E152601817")] == [Kind.TW_ID]
    assert find("E152601817") == []


def test_a_date_is_a_birth_date_only_by_its_neighbours() -> None:
    assert [span.kind for span in find("陳志明；87/12/20；E152601818")] == [
        Kind.NAME,
        Kind.BIRTHDATE,
        Kind.TW_ID,
    ]
    assert find("團督改期至87/12/20") == []


def test_a_surname_with_a_title_is_nobody_in_particular() -> None:
    assert find("王小姐和陳老師都來了") == []
    assert [span.kind for span in find("王雅婷小姐來了")] == [Kind.NAME]
