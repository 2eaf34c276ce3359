"""What of a model's text is shown and what is not."""

from __future__ import annotations

import pytest

from api.replies.failure import ModelError
from api.replies.metrics import Outcome
from api.replies.vetting import unknown_numbers, vetted


@pytest.mark.parametrize(
    "text",
    [
        "可以打 1925 安心專線或 1995 生命線，24 小時都有人。",
        "有危險請打110或119，家暴打113。",
        "請撥０８００－７７０－８８５，免付費。",
        "毒防專線是 0800-770-885（請請您，幫幫我）。",
        "打 1925/1995 都可以。",
        "撥打 1925 1995 都有人。",
        "一九二五安心專線隨時都在。",
        "在 1990 年以後，很多人都走過來了。",
        "先撐過 15 分鐘，吸氣 1 2 3 4，慢慢吐。",
        "每天走 100 公尺，或花 150 元喝杯飲料。",
        "每年有 35000 元的額度，要 3-5 次療程。",
        "我聽見了，你一定很累。今天先好好休息好嗎？",
    ],
)
def test_texts_with_known_numbers_and_plain_figures_are_shown(text: str) -> None:
    assert vetted(f"  {text}\n", 200) == text


@pytest.mark.parametrize(
    "text",
    [
        "請打 1988 心情專線。",
        "請撥 0800-123-456。",
        "打給我 0912345678",
        "可以打 02-2345-6789 問問看",
        "電話 07 123 4567",
        "專線：1926",
        "一九八八專線會幫你。",
        "Call 988 now.",
        "call 911 now",
        "+886 7 123 4567",
        "撥打 19250",
        "有需要可以找 0800770886",
    ],
)
def test_a_number_that_is_not_known_is_not_shown(text: str) -> None:
    assert unknown_numbers(text)
    with pytest.raises(ModelError) as caught:
        vetted(text, 200)
    assert caught.value.outcome is Outcome.REFUSED
    assert caught.value.ours


@pytest.mark.parametrize(
    "text", ["", " \n ", "好" * 201, "看 https://example.tw", "寫信到 a@example.com", "上 help.org 找"]
)
def test_empty_over_long_and_linking_texts_are_not_shown(text: str) -> None:
    with pytest.raises(ModelError):
        vetted(text, 200)
