"""The numbers a person in need can always call, and the answer that is left when all else failed.

Used by the chat route, by every error that a person may see, and by the offline responder.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hotline:
    """A number that is answered day and night in Taiwan."""

    name: str
    number: str


HOTLINES = (
    Hotline("安心專線（24 小時免付費）", "1925"),
    Hotline("生命線", "1995"),
    Hotline("警察報案", "110"),
    Hotline("保護專線", "113"),
)

SAFE_REPLY = (
    "我在這裡，也收到你的訊息了，只是現在沒辦法好好回覆你。"
    "如果你正處在危險之中，或覺得快撐不下去，請立刻撥打 1925 安心專線或 1995 生命線，"
    "有立即的危險請打 110，遭受暴力請打 113。稍後也歡迎你再跟我說說。"
)

BUSY_REPLY = (
    "你傳訊息的速度有點快，請稍等一下再傳。"
    "如果你現在很難受或有危險，請直接撥打 1925、1995，緊急請打 110 或 113。"
)


def hotlines_body() -> list[dict[str, str]]:
    """Returns the hotlines as they stand in an answer."""
    return [{"name": line.name, "number": line.number} for line in HOTLINES]
