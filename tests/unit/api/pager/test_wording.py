"""What a page says: enough to act, nothing about a person, and a rehearsal is plainly one."""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import UTC, datetime

import pytest

from api.pager.channels import slack, webhook
from api.pager.channels.base import Notice
from api.pager.channels.smtp import compose
from api.pager.channels.wording import LEVEL_WORDS, words_for
from api.pages import sheet
from api.pages.model import PageKind
from api.risk.model import Level

NOTICE = Notice(
    delivery_id=uuid.UUID("d0000000-0000-5000-8000-000000000001"),
    page_id=uuid.UUID("1a2b3c4d-0000-5000-8000-000000000002"),
    kind=PageKind.CRISIS,
    level=Level.IMMINENT,
    opened_at=datetime(2026, 11, 24, 16, 5, 9, tzinfo=UTC),
    events=3,
    step=1,
    link="https://xiong.example.invalid/pages/x?a=1&b=<2>",
)


def told(**changes):
    return words_for(dataclasses.replace(NOTICE, **changes))


def test_a_page_says_what_happened_when_how_often_and_what_to_do():
    text = told().text()

    for wanted in ("立即危險", "2026-11-25 00:05:09（臺北時間）", "訊息數：3 則", NOTICE.link, "我來處理"):
        assert wanted in text
    assert "呼叫編號：1a2b3c4d" in text
    assert str(NOTICE.delivery_id) in text


def test_the_title_has_the_level_and_the_short_id():
    assert told().title == "【立即危險】有人需要您現在處理（1a2b3c4d）"
    assert told(level=Level.HIGH).title == "【高風險】有人需要您現在處理（1a2b3c4d）"


def test_the_button_that_a_page_speaks_of_is_on_the_sheet_that_its_link_opens():
    assert "「我來處理」" in told().text()
    assert b">" + "我來處理".encode() + b"<" in sheet.page(None).body


def test_every_level_has_words_of_its_own():
    assert set(LEVEL_WORDS) == set(Level)
    assert len(set(LEVEL_WORDS.values())) == len(Level)


def test_a_later_step_says_that_nobody_acknowledged_before():
    assert "還沒有接手" not in told().text()
    assert "這是第 2 步：先前呼叫的人還沒有接手。" in told(step=2).text()


def test_a_rehearsal_says_so_in_its_title_and_that_nobody_is_in_danger():
    words = told(kind=PageKind.CANARY, step=2)

    assert words.title.startswith("【演練")
    assert "不需處理" in words.title
    assert "這是演練，不是真的事件：沒有人處於危險之中。" in words.text()
    assert "有人需要您" not in words.text()
    assert "先前呼叫的人" not in words.text()


def test_a_fault_of_the_path_is_no_persons_event_and_names_no_level():
    words = told(kind=PageKind.NOTICE)

    assert words.title == "【系統異常】呼叫系統需要檢查（1a2b3c4d）"
    assert "呼叫系統本身出了問題" in words.text()
    assert not any(level in words.text() for level in LEVEL_WORDS.values())


@pytest.mark.parametrize("kind", PageKind)
def test_opening_the_link_alone_is_said_not_to_count(kind):
    assert "只打開連結不算數" in told(kind=kind).text()


@pytest.mark.parametrize("kind", PageKind)
def test_every_text_fits_into_the_smallest_channel(kind):
    notice = dataclasses.replace(NOTICE, kind=kind, step=9, link="https://x.example.invalid/" + "k" * 900)
    words = words_for(notice)

    assert len(words.text()) < 5000
    assert len(words.title) < 78
    for block in slack.payload(notice)["blocks"]:
        assert len(json.dumps(block, ensure_ascii=False)) < 3000


def test_a_mail_carries_the_delivery_id_and_survives_the_way_unchanged():
    mail = compose(NOTICE, "xiong@example.invalid", "a@example.invalid")

    assert mail["Message-ID"] == f"<{NOTICE.delivery_id}@example.invalid>"
    assert mail["X-Page-Id"] == str(NOTICE.page_id)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"
    assert mail.get_content().splitlines() == told().text().splitlines()
    assert mail.as_bytes().isascii()


def test_slack_gets_its_control_characters_escaped_and_a_text_besides_the_blocks():
    payload = slack.payload(NOTICE)
    text = json.dumps(payload, ensure_ascii=False)

    assert "a=1&amp;b=&lt;2&gt;" in payload["text"]
    assert "<2>" not in text
    assert str(NOTICE.delivery_id) in payload["text"]
    assert [block["type"] for block in payload["blocks"]] == ["header", "section", "section", "context"]


def test_a_webhook_body_says_the_same_for_machines_and_for_people():
    body = webhook.payload(NOTICE)

    assert body["type"] == "page.crisis"
    assert body["timestamp"] == "2026-11-24T16:05:09+00:00"
    assert body["data"] == {
        "delivery_id": str(NOTICE.delivery_id),
        "page_id": str(NOTICE.page_id),
        "level": "IMMINENT",
        "events": 3,
        "step": 1,
        "link": NOTICE.link,
        "title": told().title,
        "text": told().text(),
    }
