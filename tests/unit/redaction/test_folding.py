"""Folding: every way of writing a character comes out plain, and every match finds its way back."""

import pytest

from redaction.folding import fold


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("０９１２－３４５", "0912-345"),
        ("Ａｂ＠ｃ．ｄ", "Ab@c.d"),
        ("⓪①②❸④", "01234"),
        ("0️⃣9️⃣", "09"),
        ("𝟎𝟗", "09"),
        ("٠٩", "09"),
        ("0❤️9", "0*9"),
        ("a\u200bb\u2060c\ufeff", "abc"),
        ("\\u674e\\u7d20", "李素"),
        ("a%40b.c", "a@b.c"),
        ("%E6%9D%8E", "李"),
        ("&#64;&#x674e;", "@李"),
        ("\\xe6\\x9d\\x8e", "李"),
        ("臺北市三民区", "台北市三民區"),
        ("Nguyễn", "Nguyen"),
        ("100%zz %E6 \\ud83d", "100%zz %E6  "),
    ],
)
def test_a_character_comes_out_plain(written: str, plain: str) -> None:
    assert fold(written).text == plain


def test_chinese_numerals_are_digits_only_in_the_second_view() -> None:
    folded = fold("零九一二 星湖三路 壹貳參")
    assert folded.text == "零九一二 星湖三路 壹貳參"
    assert folded.digits == "0912 星湖3路 123"


def test_a_match_in_decoded_text_covers_the_whole_escape() -> None:
    written = "person='\\u674e\\u7d20'!"
    folded = fold(written)
    start, end = folded.original(folded.text.index("李"), folded.text.index("素") + 1)
    assert written[start:end] == "\\u674e\\u7d20"


def test_plain_text_keeps_its_own_offsets() -> None:
    folded = fold("GET /v1/chat 200")
    assert folded.text == "GET /v1/chat 200"
    assert folded.original(4, 12) == (4, 12)
