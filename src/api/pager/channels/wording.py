"""The words of a page in zh-TW, one place for all channels: what happened, and what to do.

They hold a level, times, counts, ids and a link; never what a person wrote, nor who it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.pager.channels.base import Notice
from api.pager.rota import TAIPEI
from api.pages.model import PageKind
from api.risk.model import Level

SENDER_NAME = "XiongiChat 呼叫"
LEVEL_WORDS = {
    Level.NONE: "無風險",
    Level.LOW: "低風險",
    Level.MEDIUM: "中風險",
    Level.HIGH: "高風險",
    Level.IMMINENT: "立即危險",
}
# the words on the button of `api.pages.sheet`
_PRESS = "按下頁面上的「我來處理」。只打開連結不算數。"


@dataclass(frozen=True)
class Words:
    """A page in words.

    Attributes:
        title: one line; also the subject of a mail.
        what: what happened, line by line.
        todo: what to do, line by line, the link among them.
        marks: for people who compare messages: the ids.
    """

    title: str
    what: tuple[str, ...]
    todo: tuple[str, ...]
    marks: tuple[str, ...]

    def text(self) -> str:
        """Returns all of it as plain text, the title included."""
        parts = ((self.title,), self.what, self.todo, self.marks)
        return "\n\n".join("\n".join(part) for part in parts)


def short_id(notice: Notice) -> str:
    """Returns the part of the page's id that people read to each other on the telephone."""
    return str(notice.page_id)[:8]


def words_for(notice: Notice) -> Words:
    """Returns the page in words."""
    title, what, todo = _BY_KIND[notice.kind](notice)
    marks = (f"呼叫編號：{short_id(notice)}", f"訊息識別碼：{notice.delivery_id}（相同的識別碼是同一則訊息）")
    return Words(title, (*what, *_earlier(notice)), todo, marks)


_Parts = tuple[str, tuple[str, ...], tuple[str, ...]]


def _crisis(notice: Notice) -> _Parts:
    level = LEVEL_WORDS[notice.level]
    what = (
        f"有一位使用者的訊息被判定為「{level}」。",
        f"時間：{_time(notice)}",
        f"訊息數：{notice.events} 則",
    )
    todo = (
        "請現在處理：",
        f"1. 打開連結：{notice.link}",
        f"2. {_PRESS}",
        "沒有人按下按鈕，就會繼續呼叫下一位。",
    )
    return f"【{level}】有人需要您現在處理（{short_id(notice)}）", what, todo


def _canary(notice: Notice) -> _Parts:
    level = LEVEL_WORDS[notice.level]
    what = (
        "這是演練，不是真的事件：沒有人處於危險之中。",
        f"時間：{_time(notice)}",
        f"演練的等級：{level}",
        f"訊息數：{notice.events} 則",
    )
    todo = (
        "收到後請確認這條路徑是通的：",
        f"1. 打開連結：{notice.link}",
        f"2. {_PRESS}",
    )
    return f"【演練・{level}】呼叫路徑測試，不需處理（{short_id(notice)}）", what, todo


def _fault(notice: Notice) -> _Parts:
    what = (
        "呼叫系統本身出了問題：可能有呼叫送不出去，或演練沒有回來。",
        "這則通知不是某一位使用者的事件，但此刻可能有人求助而沒有人被呼叫。",
        f"發現時間：{_time(notice)}",
    )
    todo = (
        "請現在處理：",
        "1. 直接到主控台查看有沒有還沒人接手的呼叫，並請維運人員檢查呼叫系統。",
        f"2. 打開連結：{notice.link}",
        f"3. {_PRESS}",
    )
    return f"【系統異常】呼叫系統需要檢查（{short_id(notice)}）", what, todo


def _earlier(notice: Notice) -> tuple[str, ...]:
    if notice.step < 2 or notice.kind is PageKind.CANARY:
        return ()
    return (f"這是第 {notice.step} 步：先前呼叫的人還沒有接手。",)


def _time(notice: Notice) -> str:
    return f"{notice.opened_at.astimezone(TAIPEI):%Y-%m-%d %H:%M:%S}（臺北時間）"


_BY_KIND = {PageKind.CRISIS: _crisis, PageKind.CANARY: _canary, PageKind.NOTICE: _fault}
