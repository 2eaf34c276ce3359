"""What the engine says of single messages and of conversations, and that it never fails the person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.risk.model import CATEGORIES, Level
from api.risk.rule_engine import ENGINE_ERROR, RuleEngine
from api.risk.rule_files import RuleSet, shipped_rules

ENGINE = RuleEngine.shipped()
WISH = "我真的很想自殺，每天都在想怎麼做"


@pytest.mark.parametrize(
    "text",
    [
        "我站在頂樓，風好大，再見",
        "繩子掛好了，椅子也擺好，今晚就結束",
        "I'm on the bridge and I'm going to jump tonight. Goodbye.",
        "我剛剛吞了整瓶安眠藥",
        "刀在包包裡，我在他家樓下等他出來，今天就砍死他",
        "救命，他拿刀在砸門",
        "他打完針嘴唇發紫，叫不醒",
        "割太深了，血一直流，頭好暈",
    ],
)
def test_danger_to_life_now_is_raised_to_high_or_above(text: str) -> None:
    assert ENGINE.assess(text).level >= Level.HIGH


@pytest.mark.parametrize(
    "text",
    [
        "累死了，今天加班到想死",
        "笑死我了哈哈",
        "我沒有想自殺，只是想問回診時間",
        "新聞說有人跳樓，大家都在討論",
        "小說裡的主角最後跳樓，結局好悲傷",
        "請問自殺防治專線是幾號",
        "我戒毒十年了，現在開小吃店，過得很好",
        "The movie ends with the hero jumping off a bridge",
        "今晚烤肉，木炭準備好了",
        "",
        "？？？",
    ],
)
def test_talk_that_only_sounds_dangerous_is_none(text: str) -> None:
    assert ENGINE.assess(text).level is Level.NONE


@pytest.mark.parametrize(
    "danger", ["我站在頂樓邊緣，準備跳下去，再見", "I have the rope ready and I will hang myself tonight"]
)
@pytest.mark.parametrize("place", [0, 20, 40])
def test_danger_does_not_drown_in_a_long_message(danger: str, place: int) -> None:
    small_talk = ["今天早上去市場買菜，老闆多送我兩根蔥，下午在家看書，晚上跟家人吃火鍋。"] * 40
    text = "".join([*small_talk[:place], danger + "。", *small_talk[place:]])
    assessment = ENGINE.assess(text)
    assert assessment.level >= Level.HIGH
    assert ENGINE.assess("".join(small_talk)).level is Level.NONE


def test_categories_are_empty_exactly_where_the_level_is_none() -> None:
    for text in ("早安", WISH, "昨天又吸了一次安非他命", "最近心情不好", "他昨天又打我", "又去偷東西了"):
        assessment = ENGINE.assess(text)
        assert (assessment.level is Level.NONE) == (assessment.categories == ())
        assert list(assessment.categories) == [c for c in CATEGORIES if c in assessment.categories]


def test_a_vague_sentence_after_danger_is_imminent() -> None:
    assessment = ENGINE.assess("東西準備好了", (WISH, "沒有人在乎"))
    assert assessment.level is Level.IMMINENT
    assert "suicide" in assessment.categories
    assert any(match.rule == "ready_after_danger" for match in assessment.matches)


def test_silence_after_danger_stays_high() -> None:
    assert ENGINE.assess("嗯", (WISH,)).level >= Level.HIGH


def test_the_same_vague_sentence_after_small_talk_is_not_raised() -> None:
    history = ("早安", "明天要去露營")
    assert ENGINE.assess("再見", history).level is ENGINE.assess("再見").level is Level.NONE


def test_a_goodbye_until_tomorrow_after_danger_is_not_raised_by_the_goodbye() -> None:
    assert all(m.rule != "ready_after_danger" for m in ENGINE.assess("再見，明天見", (WISH,)).matches)


def test_history_never_lowers_the_level() -> None:
    for text in (WISH, "我站在頂樓，再見", "早安"):
        assert ENGINE.assess(text, ("早安", WISH)).level >= ENGINE.assess(text).level


def test_a_second_person_is_told_from_the_history_before_by_age() -> None:
    forgotten = (WISH, *("今天吃了麵",) * 8)
    assert ENGINE.assess("東西都準備好了", forgotten).level <= ENGINE.assess("東西都準備好了", (WISH,)).level


class _Broken:
    """Rules that fail as soon as they are asked."""

    def __getattr__(self, name: str) -> object:
        if name == "spelling":
            return shipped_rules().spelling
        raise RuntimeError(name)


def test_an_error_of_our_own_is_medium_and_says_so() -> None:
    broken: RuleSet = _Broken()  # type: ignore[assignment]
    assessment = RuleEngine(broken).assess("早安")
    assert assessment.level is Level.MEDIUM
    assert [match.rule for match in assessment.matches] == [ENGINE_ERROR]
    assert assessment.categories


@given(st.text(max_size=300), st.lists(st.text(max_size=50), max_size=3))
def test_any_text_gets_a_verdict_whose_matches_lie_inside_it(text: str, history: list[str]) -> None:
    assessment = ENGINE.assess(text, tuple(history))
    assert all(match.rule != ENGINE_ERROR for match in assessment.matches)
    assert all(0 <= match.start <= match.end <= len(text) for match in assessment.matches)
    assert (assessment.level is Level.NONE) == (assessment.categories == ())
