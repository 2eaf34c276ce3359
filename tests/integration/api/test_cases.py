"""The case behind a page: what a care role sees, that each look is recorded first, and how a case ends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.cases.statements import AROUND
from api.risk.rule_engine import RuleEngine
from api.settings import Settings
from caring import CARE, CONTACT, DESK, KEY, administer, look, page_of, record, set_contact
from replicas import (
    NO_SCOPE_TOKEN,
    PAGES_TOKEN,
    REHEARSAL_TOKEN,
    TOKEN,
    Inner,
    inner_replica,
    settings_for,
)
from servers import Postgres


@pytest.fixture
def settings(database: Any, valkey: Any, tmp_path: Path) -> Settings:
    return settings_for(database.url, valkey.url, tmp_path / "spool", secret_key=KEY)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Inner]:
    """A replica with scripted verdicts: a mark in the text is its first character."""
    async with inner_replica(settings) as inner:
        yield inner


async def test_a_look_shows_the_messages_the_words_and_the_contact(settings: Settings) -> None:
    async with inner_replica(settings, assessor=RuleEngine.shipped()) as desk:
        assert (await set_contact(desk, CONTACT)).status_code == 204
        first = (await desk.say("你好")).json()
        danger = (await desk.say("我想死，藥準備好了", conversation_id=first["conversation_id"])).json()
        await desk.say("一句別人的話", person="p-other")
        page = await page_of(desk)
        answer = await look(desk, page["id"])
    case = answer.json()

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    said = [(one["role"], one["content"], one["level"]) for one in case["messages"]]
    assert said == [
        ("person", "你好", "NONE"),
        ("assistant", "回覆 1", None),
        ("person", "我想死，藥準備好了", danger["risk"]["level"]),
        ("assistant", "回覆 2", None),
    ]
    (trigger,) = case["triggers"]
    assert trigger["message_id"] == danger["message_id"]
    assert {one["rule"] for one in trigger["words"]} == set(trigger["rules"])
    shown = {case["messages"][2]["content"][one["start"] : one["end"]] for one in trigger["words"]}
    assert any("死" in words for words in shown)
    assert case["contact"]["contact"] == CONTACT
    assert case["page"] == page
    assert (case["views"], case["outcomes"]) == ([], [])


async def test_every_look_is_recorded_and_the_next_one_sees_it(desk: Inner, rows: Any) -> None:
    await desk.say("!IMMINENT")
    page = await page_of(desk)
    first = (await look(desk, page["id"])).json()
    second = (await look(desk, page["id"], by="小美")).json()

    assert [(v["seen_by"], v["via"]) for v in second["views"]] == [("nurse-a", "console")]
    assert second["views"][0] == first["view"]
    kept = await rows("SELECT id, page_id, seen_by, via FROM page_views ORDER BY seen_at")
    assert [str(row["id"]) for row in kept] == [first["view"]["id"], second["view"]["id"]]
    assert {str(row["page_id"]) for row in kept} == {page["id"]}
    (line,) = [line for line in desk.log_lines() if line["event.action"] == "case.viewed"][1:]
    assert line["event.id"] == page["id"]


async def test_a_look_that_cannot_be_written_down_shows_nothing(
    desk: Inner, rows: Any, database: Any
) -> None:
    await desk.say("我撐不住了 !IMMINENT")
    page = await page_of(desk)
    await administer(database, "REVOKE INSERT ON page_views FROM xiongichat_app")
    refused = await look(desk, page["id"])
    await administer(database, "GRANT INSERT ON page_views TO xiongichat_app")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert "撐不住" not in refused.text
    # in one transaction with the reading: a read that fails leaves no look behind either
    await administer(database, "REVOKE SELECT ON case_contacts FROM xiongichat_app")
    assert (await look(desk, page["id"])).status_code == 503
    await administer(database, "GRANT SELECT ON case_contacts TO xiongichat_app")
    assert await rows("SELECT 1 FROM page_views") == []
    assert "撐不住" in (await look(desk, page["id"])).text


async def test_while_the_database_is_away_nothing_is_shown_or_recorded(
    desk: Inner, rows: Any, postgres: Postgres
) -> None:
    await desk.say("我撐不住了 !IMMINENT")
    page = await page_of(desk)
    postgres.stop()
    try:
        answers = [
            await look(desk, page["id"]),
            await record(desk, page["id"], "reached"),
            await set_contact(desk, CONTACT),
        ]
    finally:
        postgres.start()

    assert [(a.status_code, a.headers["retry-after"]) for a in answers] == [(503, "2")] * 3
    assert not any("撐不住" in a.text for a in answers)
    assert await rows("SELECT 1 FROM page_views") == await rows("SELECT 1 FROM page_outcomes") == []


@pytest.mark.parametrize("token", [TOKEN, REHEARSAL_TOKEN, PAGES_TOKEN, NO_SCOPE_TOKEN])
async def test_without_the_scope_of_care_no_message_is_shown(desk: Inner, rows: Any, token: str) -> None:
    await desk.say("我撐不住了 !IMMINENT")
    page = await page_of(desk)
    headers = {"Authorization": f"Bearer {token}"}
    answers = [await look(desk, page["id"], **headers), await record(desk, page["id"], "reached", **headers)]

    assert [a.status_code for a in answers] == [403, 403]
    assert (await look(desk, page["id"], Authorization="Bearer nobody")).status_code == 401
    assert await rows("SELECT 1 FROM page_views") == []


async def test_the_scope_of_care_alone_lists_no_page_and_reads_no_conversation(desk: Inner) -> None:
    said = (await desk.say("!HIGH")).json()
    page = await page_of(desk)
    paths = (
        "/api/v1/pages",
        f"/api/v1/pages/{page['id']}",
        f"/api/v1/conversations/{said['conversation_id']}/messages?person=p-1",
    )
    assert [(await desk.client.get(path, headers=CARE)).status_code for path in paths] == [403] * 3


async def test_twenty_messages_before_and_after_are_shown_and_no_more(desk: Inner) -> None:
    conversation = None
    for number in range(30):
        text = f"第 {number} 句" + (" !HIGH" if number in {14, 15} else "")
        conversation = (await desk.say(text, conversation_id=conversation)).json()["conversation_id"]
    page = await page_of(desk)
    case = (await look(desk, page["id"])).json()
    said = [one["content"] for one in case["messages"] if one["role"] == "person"]

    # a message and its reply are two
    assert len(case["messages"]) == AROUND + 4 - 1 + AROUND
    assert said == [one["content"] for one in case["messages"]][0::2]
    assert (said[0], said[-1]) == ("第 4 句", "第 25 句")
    assert len(case["triggers"]) == 2


async def test_a_page_over_two_conversations_shows_each(desk: Inner) -> None:
    await desk.say("在手機上 !HIGH")
    await desk.say("在電腦上 !HIGH")
    page = await page_of(desk)
    case = (await look(desk, page["id"])).json()

    assert page["events"] == 2
    talks = [one["conversation_id"] for one in case["messages"]]
    assert len(set(talks)) == 2
    assert talks == sorted(talks, key=talks.index)


async def test_outcomes_are_all_kept_and_the_newest_stands(desk: Inner, rows: Any) -> None:
    await desk.say("!IMMINENT")
    page = await page_of(desk)
    for outcome, by in (("false_alarm", "nurse-a"), ("emergency_call", "小美"), ("reached", "nurse-a")):
        done = await record(desk, page["id"], outcome, by)
        assert (done.status_code, done.json()["outcome"]) == (200, outcome)
    shown = (await look(desk, page["id"])).json()["outcomes"]

    assert [(one["outcome"], one["recorded_by"]) for one in shown] == [
        ("reached", "nurse-a"),
        ("emergency_call", "小美"),
        ("false_alarm", "nurse-a"),
    ]
    assert len(await rows("SELECT 1 FROM page_outcomes")) == 3
    assert (await record(desk, page["id"], "fine")).status_code == 422
    assert (await record(desk, page["id"], "reached", by="")).status_code == 422


async def test_a_page_that_is_not_there_has_no_case(desk: Inner, rows: Any) -> None:
    nowhere = str(uuid.uuid4())
    answers = [await look(desk, nowhere), await record(desk, nowhere, "reached")]

    assert [(a.status_code, a.json()["error"]["code"]) for a in answers] == [(404, "unknown_page")] * 2
    assert await rows("SELECT 1 FROM page_views") == []
    assert (await desk.client.get(f"/api/v1/pages/{nowhere}", headers=DESK)).status_code == 404


async def test_one_page_is_found_by_its_id_however_old(desk: Inner, database: Any) -> None:
    await desk.say("!HIGH")
    page = await page_of(desk)
    await administer(
        database,
        "INSERT INTO pages SELECT gen_random_uuid(), kind, application, person, level, now(), now(), 1,"
        " state, 0, 0, now() FROM pages, generate_series(1, 600)",
    )
    listed = await desk.client.get("/api/v1/pages?limit=500", headers=DESK)
    found = await desk.client.get(f"/api/v1/pages/{page['id']}", headers=DESK)

    assert page["id"] not in {one["id"] for one in listed.json()["pages"]}
    assert found.json() == page
    assert (await desk.client.get(f"/api/v1/pages/{page['id']}")).status_code == 403


async def test_many_looks_at_once_are_all_recorded(desk: Inner, rows: Any) -> None:
    await desk.say("!IMMINENT")
    page = await page_of(desk)
    answers = await asyncio.gather(*(look(desk, page["id"], by=f"nurse-{n}") for n in range(12)))

    assert {a.status_code for a in answers} == {200}
    assert len(await rows("SELECT DISTINCT seen_by FROM page_views")) == 12


async def test_a_rehearsal_has_a_case_too(desk: Inner) -> None:
    headers = {"Authorization": f"Bearer {REHEARSAL_TOKEN}", "X-Synthetic": "1"}
    body = {"person": "probe", "message": "!IMMINENT"}
    await desk.client.post("/api/v1/chat", json=body, headers=headers)
    case = (await look(desk, (await page_of(desk))["id"])).json()

    assert (case["page"]["kind"], len(case["messages"])) == ("canary", 2)
