"""How disguised words are read, and that every match points into the message as it was sent."""

from __future__ import annotations

import pytest

from api.risk.normalise import Folder
from api.risk.rule_engine import RuleEngine
from api.risk.rule_files import shipped_rules

FOLDER = Folder(shipped_rules().spelling)
ENGINE = RuleEngine.shipped()


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("ＷＡＮＴ ＴＯ ＤＩＥ", "want to die"),
        ("想\u200b死", "想死"),
        ("想 ， 自 ． 殺", "想自殺"),
        ("k i l l  m y s e l f", "kill myself"),
        ("su1cide", "suicide"),
        ("窩想ㄙˇ", "我想死"),
        ("我 想 去 ㄙ ˇ", "我想去死"),
        ("我想自鯊", "我想自殺"),
        ("遗书写好了", "遺書寫好了"),
        ("死死死死", "死"),
        ("割-腕", "割腕"),
        ("I don’t", "i dont"),
    ],
)
def test_a_disguise_is_read_as_the_word_behind_it(sent: str, read: str) -> None:
    assert FOLDER.fold(sent).text == read


@pytest.mark.parametrize(
    "text", ["歷史了解", "晚上掉了東西", "下午4了解一下", "想四處走走", "去4樓拿藥", "跑了 10 kms 好累"]
)
def test_an_ordinary_word_that_resembles_a_disguise_is_left_alone(text: str) -> None:
    folded = FOLDER.fold(text).text
    assert "死" not in folded
    assert "上吊" not in folded
    assert "kill" not in folded


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("老實說， 我 想 . 自 . 殺 很久了", "殺"),
        ("哈囉　ＩＩＩ　i want to ＤＩＥ", "ＤＩＥ"),
        ("今天想\u200b\u200b死，真的", "想\u200b\u200b死"),
        ("跟你說喔我想ㄙˇ真的", "想ㄙˇ"),
    ],
)
def test_a_match_is_cut_from_the_original_text(text: str, cut: str) -> None:
    pieces = [text[match.start : match.end] for match in ENGINE.assess(text).matches]
    assert any(cut in piece for piece in pieces)


def test_folding_gives_every_character_a_place_in_the_original() -> None:
    text = "①２３ＡＢＣ 我…想 ㄙˇ ㄅ一ˇ\n\t½ ﷺ 👨‍👩‍👧 遗书!!!!"
    folded = FOLDER.fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


def test_simplified_and_traditional_are_judged_alike() -> None:
    for simplified, traditional in [
        ("我不想活了，准备了遗书", "我不想活了，準備了遺書"),
        ("他拿刀砍我，救命", "他拿刀砍我，救命"),
    ]:
        assert ENGINE.assess(simplified).level is ENGINE.assess(traditional).level
