"""A page from the message that opens it to the person who takes it over, inside one replica."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.pages import book, reading
from api.pages.link import sign
from api.pages.model import page_id
from api.settings import Secret
from replicas import PAGES_TOKEN, REHEARSAL_TOKEN, Inner, inner_replica, settings_for
from servers import Postgres, eventually

KEY = Secret("a key of this test")
DESK = {"Authorization": f"Bearer {PAGES_TOKEN}"}


@pytest.fixture
async def desk(database: Any, valkey: Any, tmp_path: Path) -> AsyncIterator[Inner]:
    """A replica that can read its own links."""
    settings = settings_for(database.url, valkey.url, tmp_path / "spool", secret_key=KEY)
    async with inner_replica(settings) as inner:
        yield inner


async def _listed(replica: Inner, **query: Any) -> list[dict[str, Any]]:
    answer = await replica.client.get("/api/v1/pages", params=query, headers=DESK)
    assert answer.status_code == 200
    pages: list[dict[str, Any]] = answer.json()["pages"]
    return pages


def _address(page: dict[str, Any], contact: str = "nurse-a") -> str:
    return f"/p/{sign(KEY, uuid.UUID(page['id']), uuid.uuid4(), contact)}"


async def test_a_message_in_danger_and_its_page_are_one_transaction(desk: Inner, rows: Any) -> None:
    answer = await desk.say("我撐不住了 !IMMINENT")
    (page,) = await _listed(desk)
    (event,) = await rows("SELECT id FROM risk_events")
    assert (page["id"], page["level"]) == (str(page_id(event["id"])), "IMMINENT")
    assert (page["kind"], page["state"], page["events"], page["step"]) == ("crisis", "open", 1, -1)
    assert await _listed(desk, message=answer.json()["message_id"]) == [page]
    (together,) = await rows(
        "SELECT count(DISTINCT x) AS transactions FROM ("
        "SELECT xmin::text AS x FROM messages WHERE role = 'person' UNION SELECT xmin::text FROM risk_events"
        " UNION SELECT xmin::text FROM page_events UNION SELECT xmin::text FROM pages) AS rows"
    )
    assert together["transactions"] == 1


async def test_a_message_without_danger_calls_nobody(desk: Inner) -> None:
    await desk.say("今天還好 !MEDIUM")
    assert await _listed(desk) == []


async def test_ten_messages_of_one_person_are_one_page_and_ten_people_are_ten(desk: Inner) -> None:
    for number in range(10):
        await desk.say(f"第 {number} 句 !HIGH")
    (page,) = await _listed(desk)
    assert page["events"] == 10
    for number in range(10):
        await desk.say("!HIGH", person=f"another-{number}")
    assert [page["events"] for page in await _listed(desk)] == [1] * 10 + [10]


async def test_a_rising_level_opens_a_new_page_and_a_falling_one_does_not(desk: Inner) -> None:
    for mark in ("!HIGH", "!IMMINENT", "!HIGH"):
        await desk.say(mark)
    assert [(page["level"], page["events"]) for page in await _listed(desk)] == [("IMMINENT", 2), ("HIGH", 1)]


async def test_a_retried_message_counts_once(desk: Inner) -> None:
    for _ in range(3):
        await desk.say("!HIGH", key="same")
    assert [page["events"] for page in await _listed(desk)] == [1]


async def test_a_rehearsal_is_a_canary_and_counts_in_no_statistic(desk: Inner) -> None:
    headers = {"Authorization": f"Bearer {REHEARSAL_TOKEN}", "X-Synthetic": "1"}
    body = {"person": "probe", "message": "!IMMINENT"}
    assert (await desk.client.post("/api/v1/chat", json=body, headers=headers)).status_code == 200
    assert [page["kind"] for page in await _listed(desk)] == ["canary"]
    assert 'risk_events_total{level="IMMINENT"} 0.0' in (await desk.client.get("/metrics")).text


async def test_opening_a_link_changes_nothing_and_its_button_acknowledges(desk: Inner) -> None:
    await desk.say("!IMMINENT")
    (page,) = await _listed(desk)
    for _ in range(3):
        seen = await desk.client.get(_address(page))
        assert (seen.status_code, seen.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert 'method="post"' in seen.text
        assert (await desk.client.head(_address(page))).status_code in (200, 405)
    assert (await _listed(desk))[0]["state"] == "open"
    pressed = await desk.client.post(_address(page))
    assert pressed.status_code == 200
    (page,) = await _listed(desk)
    assert (page["state"], page["acknowledged_by"], page["acknowledged_via"]) == (
        "acknowledged",
        "nurse-a",
        "link",
    )
    again = await desk.client.get(_address(page))
    assert "nurse-a" in again.text
    assert 'method="post"' not in again.text


async def test_the_first_who_takes_a_page_over_stands(desk: Inner) -> None:
    await desk.say("!IMMINENT")
    (page,) = await _listed(desk)
    path = f"/api/v1/pages/{page['id']}/acknowledgement"
    first = await desk.client.post(path, json={"by": "小美"}, headers=DESK)
    second = await desk.client.post(path, json={"by": "阿德"}, headers=DESK)
    assert (first.status_code, second.status_code) == (200, 200)
    assert (second.json()["acknowledged_by"], second.json()["acknowledged_via"]) == ("小美", "cli")


async def test_an_acknowledged_page_takes_no_more_events(desk: Inner) -> None:
    await desk.say("!HIGH")
    (page,) = await _listed(desk)
    await desk.client.post(_address(page))
    await desk.say("!HIGH")
    assert [(page["state"], page["events"]) for page in await _listed(desk)] == [
        ("open", 1),
        ("acknowledged", 1),
    ]


async def test_a_forged_or_foreign_link_is_refused_in_words(desk: Inner) -> None:
    await desk.say("!HIGH")
    (page,) = await _listed(desk)
    address = _address(page)
    forged = f"/p/{sign(Secret('another key'), uuid.UUID(page['id']), uuid.uuid4(), 'nurse-a')}"
    for path in (forged, address[:-2], "/p/x"):
        for answer in (await desk.client.get(path), await desk.client.post(path)):
            assert (answer.status_code, "無效" in answer.text) == (404, True)
    assert (await _listed(desk))[0]["state"] == "open"


async def test_only_a_token_of_the_scope_sees_pages(desk: Inner) -> None:
    path = f"/api/v1/pages/{uuid.uuid4()}/acknowledgement"
    assert (await desk.client.get("/api/v1/pages")).status_code == 403
    assert (await desk.client.post(path, json={"by": "x"})).status_code == 403
    assert (await desk.client.get("/api/v1/pages", headers={"Authorization": ""})).status_code == 401
    assert (await desk.client.post(path, json={"by": "x"}, headers=DESK)).status_code == 404
    assert (await desk.client.post(path, json={"by": ""}, headers=DESK)).status_code == 422


async def test_a_page_is_taken_over_while_the_database_is_away(
    desk: Inner, postgres: Postgres, rows: Any, tmp_path: Path
) -> None:
    await desk.say("!IMMINENT")
    (page,) = await _listed(desk)
    postgres.stop()
    try:
        assert (await desk.client.get(_address(page))).status_code == 200
        assert (await desk.client.post(_address(page))).status_code == 200
        (segment,) = (tmp_path / "spool").glob("*.jsonl")
        (line,) = segment.read_text().splitlines()
        assert (json.loads(line)["kind"], json.loads(line)["by"]) == ("acknowledgement", "nurse-a")
    finally:
        postgres.start()

    async def acknowledged() -> bool:
        await desk.service.relay.empty()
        found = await rows("SELECT state FROM pages")
        return [row["state"] for row in found] == ["acknowledged"]

    await eventually(acknowledged, "the acknowledgement is in the database")


async def test_an_acknowledgement_may_come_before_its_page(desk: Inner, rows: Any) -> None:
    message = uuid.uuid5(uuid.NAMESPACE_URL, "any")
    page = page_id(uuid.uuid5(message, "risk"))
    await desk.service.desk.acknowledge(page, "nurse-a", "link")
    await desk.say("!HIGH")
    assert [found["state"] for found in await _listed(desk)] == ["open"]
    async with desk.service.database.engine.begin() as connection:
        (other,) = await reading.newest(connection, only_open=True, limit=10)
        await book.open_page(connection, replace(other, id=page))
    assert (await rows("SELECT state FROM pages WHERE id = $1", page))[0]["state"] == "acknowledged"
