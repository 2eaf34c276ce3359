"""What must hold for any text at all: redacting twice changes nothing, offsets fit, no input is slow."""

import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redaction import engine, find, gate, redact
from redaction.folding import fold
from unit.redaction import invented
from unit.redaction.marked import lines, parse

PIECES = st.sampled_from(
    [
        "0912345678",
        "E152601818",
        "王",
        "小明",
        "陳李",
        "中山路",
        "100號",
        "高雄市",
        "三民區",
        "生日",
        "1984/4/4",
        "line",
        "id",
        "賴",
        "護照",
        "帳號",
        "健保卡",
        "4729022279180588",
        "@",
        "a.b",
        "example.com",
        " ",
        "，",
        "、",
        "。",
        "-",
        "\u200b",
        "\\u674e",
        "%40",
        "零九一二",
        "①②",
        "[NAME]",
        "[TW_ID]",
        "❤️",
        "Chen",
        "Mei-Ling",
        "\n",
        "=",
        ":",
        "x",
        "0",
        "9",
    ]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=14).map("".join))


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_spans_lie_in_the_text_sorted_and_apart(text: str) -> None:
    at = 0
    for span in find(text):
        assert at <= span.start < span.end <= len(text)
        at = span.end


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_both_views_of_a_folded_text_have_one_origin_per_character(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.digits)
    if folded.starts:
        assert len(folded.starts) == len(folded.ends) == len(folded.text)
        assert all(start < end for start, end in zip(folded.starts, folded.ends, strict=True))


@given(st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_a_valid_id_is_found_however_it_is_disguised(rng: random.Random) -> None:
    value = invented.disguise(rng, invented.identity(rng, "12"))
    assert [span.kind for span in find(f"我的身分證是{value}請幫我")] == ["TW_ID"]


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_the_gate_never_hides_a_finding(text: str) -> None:
    if not gate.may_hold_personal_data(text):
        assert engine.find_behind_gate(text) == []


def test_the_gate_lets_every_marked_line_through() -> None:
    texts = [parse(line)[0] for line in lines("tricky.txt")]
    assert all(gate.may_hold_personal_data(text) for text in texts)


def test_the_gate_stops_ordinary_talk() -> None:
    assert not gate.may_hold_personal_data("最近壓力好大，晚上都睡不著")


HOSTILE = (
    "0",
    "09",
    "9 ",
    "12 ",
    "A1",
    "a.",
    "a@",
    "a@a.",
    "0-",
    "0、",
    "零",
    "王",
    "王小",
    "陳李",
    "李、",
    "路",
    "中山路",
    "1號",
    "高雄市",
    "三民區",
    "巷",
    "1巷",
    "之1",
    "line",
    "line的",
    "賴",
    "賴的",
    "護照",
    "passport no ",
    "1/1/",
    "19840404",
    "Chen ",
    "Chen Mei-",
    "mei-",
    "Nguyen Thi ",
    "No. 1, Rd ",
    "%40",
    "\\u674e",
    "\u200b",
    "❤️",
    "[A",
    "王氏",
    "瓦·",
    "name=",
    "姓名:",
    "匯4",
    "4729 ",
    "0f",
    "1:",
    "://",
    "at ",
    "dot ",
    "車A1",
    "AB-1",
    "年1",
    "一年一月",
    "&#1",
    "我叫",
    "台北",
    "=",
    "_",
    "\n",
)


def executed_lines(text: str) -> int:
    """How many lines of our own code run for `text`: a measure that no busy machine can disturb."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        find(text)
    finally:
        sys.settrace(previous)
    return count


@pytest.mark.parametrize("unit", HOSTILE)
def test_four_times_the_text_costs_about_four_times_the_steps(unit: str) -> None:
    find(unit * 10)
    short = executed_lines((unit * 1000)[:500])
    long = executed_lines((unit * 4000)[:2000])
    assert long <= 6 * short + 2000


@pytest.mark.timeout(60)
def test_texts_of_10_000_characters_made_to_hurt_finish() -> None:
    for unit in HOSTILE:
        text = (unit * 10_000)[:10_000]
        assert all(span.end <= len(text) for span in find(text))
        assert len(redact(text + "x")) > 0
