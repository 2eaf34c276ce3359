"""One person's data: whole when it is given away, gone when it is erased."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.person.fields import EXPORTED, FIELDS, Whose
from api.person.refusals import AnsweringError, NobodyError, OpenPageError, SpoolError
from api.person.register import Marker
from api.person.requests import Requests
from api.person.rows import Subject
from api.settings import Secret
from lives import KEY, OTHER, PERSON, WORDS, add_delivery, asked, live, whole_database
from replicas import Inner

ERASED_TABLES = ("conversations", "messages", "risk_events", "pages", "case_contacts")


async def test_the_export_holds_every_column_that_is_about_the_person(
    chat: Inner, requests: Requests, database: Any
) -> None:
    await live(chat)
    await live(chat, OTHER)
    await add_delivery(database.admin_url)
    await requests.erase(asked(), dry_run=False)
    await live(chat)
    await add_delivery(database.admin_url)

    document = json.loads(json.dumps(await requests.export(Subject(PERSON)), default=str))

    for table, columns in FIELDS.items():
        wanted = {name for name, whose in columns.items() if whose in EXPORTED}
        if wanted:
            assert document[table], table
            assert set(document[table][0]) == wanted, table
    assert [row["role"] for row in document["messages"]] == ["person", "assistant"] * 2
    assert document["messages"][0]["content"] == f"{WORDS} {PERSON} !MEDIUM"
    assert {row["person"] for row in document["conversations"] + document["pages"]} == {PERSON}
    assert "nurse-a" not in json.dumps(document)
    assert OTHER not in json.dumps(document)
    assert set(document["left_out"]) == {
        "page_deliveries.contact",
        "page_acknowledgements.acknowledged_by",
        "page_views.seen_by",
        "page_outcomes.recorded_by",
        "erasures.by",
    }


async def test_an_erasure_leaves_nothing_that_leads_to_the_person(
    chat: Inner, requests: Requests, database: Any
) -> None:
    await live(chat, OTHER)
    before = await requests.export(Subject(OTHER))
    await live(chat)
    held = await requests.export(Subject(PERSON))

    done = await requests.erase(asked(), dry_run=False)

    assert {name: done["erased"][name] for name in ERASED_TABLES} == {
        "conversations": 1,
        "messages": 4,
        "risk_events": 2,
        "pages": 1,
        "case_contacts": 1,
    }
    left = await whole_database(database.admin_url)
    personal = {
        str(value.hex() if isinstance(value, bytes) else value)
        for table, columns in FIELDS.items()
        for column, whose in columns.items()
        if whose is Whose.PERSON
        and column in ("id", "person", "content", "content_sha256", "message_id", "contact")
        for value in (row[column] for row in held.get(table, []))
        if value is not None and value not in ("web",)
    }
    assert len(personal) > 8
    text = json.dumps(left, ensure_ascii=False)
    assert [value for value in personal if value in text] == []
    orphan = [row for row in left["risk_events"] if row["message_id"] is None]
    assert sorted(row["level"] for row in orphan) == ["HIGH", "MEDIUM"]
    assert {(tuple(row["categories"]), tuple(row["rules"])) for row in orphan} == {(("suicide",), ())}
    (page,) = [row for row in left["pages"] if row["person"] is None]
    assert (page["level"], page["state"], page["application"]) == ("HIGH", "acknowledged", None)
    for audit in ("page_acknowledgements", "page_views", "page_outcomes"):
        assert page["id"] in {row["page_id"] for row in left[audit]}
    asked_again = await requests.export(Subject(PERSON))
    assert [table for table in FIELDS if asked_again.get(table)] == ["erasures"]
    after = await requests.export(Subject(OTHER))
    assert {**after, "exported_at": None} == {**before, "exported_at": None}


async def test_the_register_tells_nobody_whom_it_means(
    chat: Inner, requests: Requests, database: Any
) -> None:
    await live(chat)
    await requests.erase(asked(reason="asked for by 0912-345-678"), dry_run=False)
    (entry,) = (await whole_database(database.admin_url))["erasures"]
    assert entry["person_hmac"] == Marker(KEY).mark(PERSON, None)
    assert entry["person_hmac"] != Marker(Secret("another")).mark(PERSON, None)
    assert (entry["by"], entry["counts"]["messages"]) == ("operator", 4)
    assert "0912" not in entry["reason"]
    assert PERSON not in json.dumps(entry)


async def test_an_erasure_may_be_repeated_and_a_mistyped_id_is_refused(
    chat: Inner, requests: Requests, database: Any
) -> None:
    await live(chat)
    with pytest.raises(NobodyError):
        await requests.erase(asked(subject=Subject("p-mistyped")), dry_run=False)
    assert not (await requests.erase(asked(), dry_run=False))["already"]
    again = await requests.erase(asked(), dry_run=False)
    assert (again["already"], again["erased"]["messages"]) == (True, 0)
    assert len((await whole_database(database.admin_url))["erasures"]) == 1


async def test_a_dry_run_counts_and_changes_nothing(chat: Inner, requests: Requests, database: Any) -> None:
    await live(chat)
    before = await whole_database(database.admin_url)
    planned = await requests.erase(asked(), dry_run=True)
    assert planned["erased"]["messages"] == 4
    assert await whole_database(database.admin_url) == before


async def test_only_what_came_by_one_application_is_erased(
    chat: Inner, requests: Requests, rows: Any
) -> None:
    await live(chat)
    kiosk = {"Authorization": "Bearer token-of-kiosk"}
    body = {"person": PERSON, "message": "你好"}
    assert (await chat.client.post("/api/v1/chat", json=body, headers=kiosk)).status_code == 200
    await requests.erase(asked(subject=Subject(PERSON, "kiosk")), dry_run=False)
    assert [row["application"] for row in await rows("SELECT application FROM conversations")] == ["web"]
    assert (await requests.export(Subject(PERSON, "web")))["messages"]


async def test_whoever_writes_again_is_somebody_new(chat: Inner, requests: Requests) -> None:
    conversation = await live(chat)
    await requests.erase(asked(), dry_run=False)
    gone = await chat.say("還在嗎", person=PERSON, conversation_id=conversation)
    assert gone.status_code == 404
    new = await chat.say("你好", person=PERSON, key=f"first-{PERSON}")
    assert new.status_code == 200
    assert "Idempotency-Replayed" not in new.headers
    assert len((await requests.export(Subject(PERSON)))["messages"]) == 2


async def test_an_open_page_keeps_its_person_unless_forced(
    chat: Inner, requests: Requests, rows: Any
) -> None:
    await chat.say(f"{WORDS} !IMMINENT", person=PERSON)
    with pytest.raises(OpenPageError):
        await requests.erase(asked(), dry_run=False)
    assert len(await rows("SELECT 1 FROM messages")) == 2
    await requests.erase(asked(force_open_page=True), dry_run=False)
    (page,) = await rows("SELECT person, state FROM pages")
    assert (page["person"], page["state"]) == (None, "open")


async def test_a_broken_erasure_leaves_everything(
    chat: Inner, requests: Requests, database: Any, monkeypatch: Any
) -> None:
    await live(chat)
    before = await whole_database(database.admin_url)

    async def break_down(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("api.person.register.record", break_down)
    with pytest.raises(ConnectionResetError):
        await requests.erase(asked(), dry_run=False)
    assert await whole_database(database.admin_url) == before


async def test_an_erasure_and_the_person_writing_at_the_same_time_never_break_either(
    chat: Inner, requests: Requests, rows: Any
) -> None:
    conversation = await live(chat)

    async def write(number: int) -> int:
        answer = await chat.say(f"第 {number} 句", person=PERSON, conversation_id=conversation)
        return answer.status_code

    statuses = asyncio.gather(*(write(number) for number in range(20)))
    erased = None
    ends = datetime.now(UTC) + timedelta(seconds=20)
    while erased is None and datetime.now(UTC) < ends:
        try:
            erased = await requests.erase(asked(), dry_run=False)
        except (AnsweringError, SpoolError):
            await asyncio.sleep(0.02)
    assert set(await statuses) <= {200, 404}
    assert erased is not None
    assert await rows("SELECT 1 FROM messages") == []
