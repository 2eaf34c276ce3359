"""A chat from end to end inside one replica: storing, memory, idempotency, limits, ownership."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from replicas import OTHER_TOKEN, REHEARSAL_TOKEN, Inner, inner_replica, settings_for


async def test_a_message_its_risk_event_and_its_reply_are_stored(replica: Inner, rows: Any) -> None:
    answer = await replica.say("我好累 !HIGH")
    assert answer.status_code == 200
    body = answer.json()
    assert body["stored"] is True
    assert body["source"] == "offline"
    assert body["risk"] == {"level": "HIGH", "categories": ["suicide"]}
    assert [line["number"] for line in body["hotlines"]] == ["1925", "1995", "110", "113"]
    stored = await rows("SELECT id, role, content, reply_to, risk_level FROM messages ORDER BY sequence")
    assert [(row["role"], row["content"]) for row in stored] == [
        ("person", "我好累 !HIGH"),
        ("assistant", "回覆 1"),
    ]
    assert str(stored[0]["id"]) == body["message_id"]
    assert stored[1]["reply_to"] == stored[0]["id"]
    events = await rows("SELECT message_id, level, categories, rules FROM risk_events")
    assert [tuple(event) for event in events] == [(stored[0]["id"], "HIGH", ["suicide"], ["mark_high"])]


async def test_a_harmless_message_has_no_hotlines_and_no_risk_event(replica: Inner, rows: Any) -> None:
    answer = await replica.say("你好")
    assert "hotlines" not in answer.json()
    assert await rows("SELECT 1 FROM risk_events") == []


async def test_the_reply_side_gets_what_was_said_before(replica: Inner) -> None:
    first = (await replica.say("第一句")).json()
    await replica.say("第二句", conversation_id=first["conversation_id"])
    history = replica.responder.calls[1][1]
    assert [(turn.role, turn.text) for turn in history] == [("person", "第一句"), ("assistant", "回覆 1")]


async def test_a_verdict_may_rest_on_what_was_said_before(replica: Inner, rows: Any) -> None:
    first = (await replica.say("!THEN_HIGH")).json()
    assert first["risk"]["level"] == "NONE"
    second = (await replica.say("!THEN_HIGH", conversation_id=first["conversation_id"])).json()
    assert second["risk"]["level"] == "HIGH"
    assert len(await rows("SELECT 1 FROM risk_events")) == 1


async def test_a_retried_message_is_stored_and_answered_once(replica: Inner, rows: Any) -> None:
    first = await replica.say("請幫我 !MEDIUM", key="k-1")
    again = await replica.say("請幫我 !MEDIUM", key="k-1")
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert len(replica.responder.calls) == 1
    assert len(await rows("SELECT 1 FROM messages")) == 2
    assert len(await rows("SELECT 1 FROM risk_events")) == 1


async def test_retries_at_the_same_time_all_get_the_same_reply(replica: Inner, rows: Any) -> None:
    answers = await asyncio.gather(*(replica.say("同時", key="k-2") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(await rows("SELECT 1 FROM messages")) == 2


async def test_a_key_used_for_another_text_is_refused_without_repeating_either(replica: Inner) -> None:
    await replica.say("原來的話", key="k-3")
    answer = await replica.say("別的話", key="k-3")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "idempotency_key_reused"
    assert "話" not in answer.text


async def test_the_same_key_of_another_person_or_application_is_another_message(
    replica: Inner, rows: Any
) -> None:
    await replica.say("一", key="k-4")
    await replica.say("一", key="k-4", person="p-2")
    await replica.client.post(
        "/api/v1/chat",
        json={"person": "p-1", "message": "一"},
        headers={"Idempotency-Key": "k-4", "Authorization": f"Bearer {OTHER_TOKEN}"},
    )
    assert len(await rows("SELECT 1 FROM messages WHERE role = 'person'")) == 3


async def test_a_message_without_a_reply_gets_one_at_the_retry(replica: Inner, rows: Any) -> None:
    await replica.say("等一下", key="k-5")
    await rows("DELETE FROM messages WHERE role = 'assistant'")
    again = await replica.say("等一下", key="k-5")
    assert again.json()["reply"] == "回覆 2"
    assert len(await rows("SELECT 1 FROM messages")) == 2


async def test_a_failing_reply_side_costs_nobody_an_answer(replica: Inner) -> None:
    replica.responder.fails = RuntimeError("秘密")
    answer = await replica.say("在嗎")
    assert answer.status_code == 200
    assert answer.json()["source"] == "safe"
    assert answer.json()["hotlines"]
    assert "秘密" not in replica.log.getvalue().decode()


async def test_a_reply_that_never_comes_is_replaced_by_the_safe_one(
    database: Any, valkey: Any, tmp_path: Path
) -> None:
    settings = settings_for(database.url, valkey.url, tmp_path, reply_deadline_s=0.2)
    async with inner_replica(settings) as replica:
        replica.responder.before = asyncio.Event().wait
        answer = await replica.say("在嗎")
        assert answer.json()["source"] == "safe"
        metrics = (await replica.client.get("/metrics")).text
        assert 'chat_replies_total{source="safe"} 1.0' in metrics


@pytest.mark.parametrize("token", [OTHER_TOKEN, None], ids=["another application", "another person"])
async def test_a_foreign_conversation_looks_like_an_unknown_one(replica: Inner, token: str | None) -> None:
    conversation = (await replica.say("私人的事")).json()["conversation_id"]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    person = "p-1" if token else "p-2"

    async def both(identity: str) -> list[tuple[int, Any]]:
        client = replica.client
        body = {"person": person, "message": "看看", "conversation_id": identity}
        said = await client.post("/api/v1/chat", json=body, headers=headers)
        path = f"/api/v1/conversations/{identity}/messages"
        read = await client.get(path, params={"person": person}, headers=headers)
        return [(answer.status_code, _without_id(answer.json())) for answer in (said, read)]

    foreign, unknown = await both(conversation), await both(str(uuid.uuid4()))
    assert foreign == unknown
    assert [status for status, _ in foreign] == [404, 404]


def _without_id(body: dict[str, Any]) -> dict[str, Any]:
    body["error"].pop("request_id")
    return body


async def test_a_conversation_is_read_page_by_page(replica: Inner) -> None:
    conversation = (await replica.say("一")).json()["conversation_id"]
    for text in ("二", "三"):
        await replica.say(text, conversation_id=conversation)
    seen: list[str] = []
    after = 0
    while after is not None:
        page = await replica.client.get(
            f"/api/v1/conversations/{conversation}/messages",
            params={"person": "p-1", "after": after, "limit": 4},
        )
        seen.extend(message["content"] for message in page.json()["messages"])
        after = page.json()["next_after"]
    assert seen == ["一", "回覆 1", "二", "回覆 2", "三", "回覆 3"]


async def test_only_an_application_with_the_scope_may_rehearse(replica: Inner, rows: Any) -> None:
    body = {"person": "p-9", "message": "演習 !HIGH"}
    refused = await replica.client.post("/api/v1/chat", json=body, headers={"X-Synthetic": "1"})
    assert refused.status_code == 403
    headers = {"X-Synthetic": "1", "Authorization": f"Bearer {REHEARSAL_TOKEN}"}
    assert (await replica.client.post("/api/v1/chat", json=body, headers=headers)).status_code == 200
    assert [row["synthetic"] for row in await rows("SELECT synthetic FROM risk_events")] == [True]
    assert [row["synthetic"] for row in await rows("SELECT synthetic FROM conversations")] == [True]


async def test_a_rate_limit_answers_with_the_hotlines_and_spares_a_crisis(
    database: Any, valkey: Any, tmp_path: Path, rows: Any
) -> None:
    settings = settings_for(database.url, valkey.url, tmp_path, rate_limit="2/minute")
    async with inner_replica(settings) as replica:
        person = f"p-{uuid.uuid4().hex}"
        answers = [await replica.say(f"話 {number}", person=person) for number in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 60
        assert {line["number"] for line in answers[2].json()["hotlines"]} == {"1925", "1995", "110", "113"}
        crisis = await replica.say("!IMMINENT", person=person)
        assert crisis.status_code == 200
        assert crisis.json()["stored"] is True
        assert (await replica.say("別人", person="p-else")).status_code == 200
    assert len(await rows("SELECT 1 FROM messages WHERE role = 'person'")) == 4


async def test_a_conversation_never_reaches_the_log(replica: Inner) -> None:
    await replica.say("獨一無二的話 !HIGH")
    log = replica.log.getvalue().decode()
    assert "chat.answered" in log
    assert "獨一無二" not in log
    assert "p-1" not in log
    assert "回覆" not in log
