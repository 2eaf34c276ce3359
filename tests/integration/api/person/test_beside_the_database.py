"""What of a person lies outside the database: the spool folder, the pager's copies, the cache."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from api.pager.stores import LocalStore
from api.pages import local
from api.pages.snapshot import read_snapshot
from api.person.refusals import SpoolError
from api.person.requests import CacheAwayError, Requests
from api.person.rows import Subject
from api.records import AcknowledgementRecord
from api.settings import Settings
from lives import OTHER, PERSON, WORDS, asked, live
from replicas import Inner


async def test_nothing_is_said_of_a_person_while_the_spool_holds_something(
    chat: Inner, requests: Requests, postgres: Any
) -> None:
    await live(chat)
    await chat.service.spool.append(AcknowledgementRecord(uuid.uuid4(), "nurse-a", "link", datetime.now(UTC)))
    with pytest.raises(SpoolError):
        await requests.erase(asked(), dry_run=False)
    with pytest.raises(SpoolError):
        await requests.export(Subject(PERSON))


async def test_the_cache_forgets_the_person_alone(
    chat: Inner, requests: Requests, settings: Settings, valkey: Any
) -> None:
    cache = Redis.from_url(settings.redis_url.reveal())
    await cache.flushdb()
    await live(chat)
    await chat.say("你好", person=OTHER)
    limits = await cache.keys("LIMITS*")
    await requests.erase(asked(), dry_run=False)
    left = await cache.keys("LIMITS*")
    assert (len(limits), len(left)) == (2, 1)
    await live(chat)
    valkey.freeze()
    try:
        with pytest.raises(CacheAwayError):
            await requests.erase(asked(), dry_run=False)
    finally:
        valkey.thaw()
    again = await requests.erase(asked(), dry_run=False)
    assert (again["already"], again["erased"]["cache_keys"]) == (True, 1)
    await cache.aclose()


async def test_lines_put_aside_are_given_and_erased_too(
    chat: Inner, requests: Requests, settings: Settings
) -> None:
    await live(chat)
    (message,) = [row for row in (await requests.export(Subject(PERSON)))["messages"] if row["sequence"] == 1]
    lines = [
        {"kind": "message", "id": str(uuid.uuid4()), "application": "web", "person": PERSON, "text": WORDS},
        {"kind": "message", "id": str(uuid.uuid4()), "application": "web", "person": OTHER, "text": "別人"},
        {"kind": "reply", "message_id": str(message["id"]), "text": "給小明的回覆"},
        {"kind": "reply", "message_id": str(uuid.uuid4()), "text": "給別人的回覆"},
    ]
    settings.spool_dir.mkdir(exist_ok=True)
    aside = settings.spool_dir / "old.rejected"
    aside.write_text("not a line of ours\n" + "".join(json.dumps(line) + "\n" for line in lines))
    assert len((await requests.export(Subject(PERSON)))["put_aside"]) == 2
    done = await requests.erase(asked(), dry_run=False)
    assert done["erased"]["put_aside"] == 2
    kept = aside.read_text()
    assert PERSON not in kept
    assert "小明" not in kept.encode().decode("unicode_escape", "replace")
    assert (OTHER in kept, len(kept.splitlines())) == (True, 3)


async def test_the_pagers_copies_forget_the_person(
    chat: Inner, requests: Requests, settings: Settings, rows: Any
) -> None:
    await live(chat)
    ids = [row["id"] for row in await rows("SELECT id FROM pages")]
    async with requests.engine.connect() as connection:
        snapshot = await read_snapshot(connection, ids)
    settings.spool_dir.mkdir(exist_ok=True)
    store = LocalStore(settings.spool_dir)
    await store.begin()
    await store.run(lambda connection: local.copy(connection, snapshot))
    done = await requests.erase(asked(), dry_run=False)
    assert done["erased"]["copies"] == 1
    assert await store.run(lambda connection: local.changed(connection, 10)) == []
    await store.close()
    found = b"".join(path.read_bytes() for path in settings.spool_dir.glob("pages.sqlite*"))
    assert PERSON.encode() not in found
