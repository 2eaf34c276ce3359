"""People who write to a replica, for the tests of what becomes of their data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import asyncpg

from api.person.erasure import Request
from api.person.fields import FIELDS
from api.person.rows import Subject
from api.settings import Secret
from replicas import CARE_TOKEN, PAGES_TOKEN, Inner

KEY = Secret("a key of this test")
PERSON, OTHER = "p-asked", "p-other"
WORDS = "我叫小明，撐不住了"
CONTACT = "三民區個管組，分機 12"


def asked(**changes: Any) -> Request:
    """A request to erase the person."""
    return replace(Request(Subject(PERSON), "operator", "asked for in writing"), **changes)


async def acknowledge_all(chat: Inner) -> None:
    """Somebody takes every page over."""
    headers = {"Authorization": f"Bearer {PAGES_TOKEN}"}
    listed = (await chat.client.get("/api/v1/pages?open=true", headers=headers)).json()["pages"]
    for page in listed:
        path = f"/api/v1/pages/{page['id']}/acknowledgement"
        assert (await chat.client.post(path, json={"by": "nurse-a"}, headers=headers)).status_code == 200
        await care(chat, page["id"])


async def care(chat: Inner, page: str) -> None:
    """Somebody looks at the case and says how it ended."""
    headers = {"Authorization": f"Bearer {CARE_TOKEN}"}
    path = f"/api/v1/pages/{page}"
    seen = await chat.client.post(f"{path}/case", json={"by": "nurse-a"}, headers=headers)
    ended = {"by": "nurse-a", "outcome": "reached"}
    done = await chat.client.post(f"{path}/outcome", json=ended, headers=headers)
    assert (seen.status_code, done.status_code) == (200, 200)


async def live(chat: Inner, person: str = PERSON) -> str:
    """A person's life with us: two messages, one in danger, which somebody took over and cared for."""
    about = {"person": person, "contact": f"{CONTACT} {person}"}
    assert (await chat.client.put("/api/v1/case-contact", json=about)).status_code == 204
    first = await chat.say(f"{WORDS} {person} !MEDIUM", person=person, key=f"first-{person}")
    conversation: str = first.json()["conversation_id"]
    await chat.say(f"{WORDS} {person} !HIGH", person=person, conversation_id=conversation)
    await acknowledge_all(chat)
    return conversation


async def whole_database(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as text can be searched."""
    connection = await asyncpg.connect(url)
    try:
        return {
            table: [
                json.loads(row["row"])
                for row in await connection.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
            ]
            for table in FIELDS
            if table != "knowledge"
        }
    finally:
        await connection.close()


async def add_delivery(url: str) -> None:
    """A page that was sent, as the pager leaves it."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO page_deliveries (id, page_id, round, step, contact, channel, state, attempts,"
        " created_at, due_at, sent_at)"
        " SELECT gen_random_uuid(), id, 0, 0, 'nurse-a', 'email', 'sent', 1, now(), now(), now() FROM pages"
    )
    await connection.close()
