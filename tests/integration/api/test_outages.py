"""A dependency that refuses, hangs or dies: everybody gets an answer, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replicas import Inner, ScriptedResponder, inner_replica, settings_for
from servers import Postgres, Valkey, eventually, free_port, postgres_server, valkey_server

SPOOLED = "a message goes to the spool"


@pytest.fixture
def whole_postgres(postgres: Postgres) -> Iterator[Postgres]:
    """The server, running again when the test is over whatever the test did to it."""
    yield postgres
    if postgres.process is None:
        postgres.start()
    else:
        postgres.thaw()


async def _emptied(replica: Inner) -> None:
    async def empty() -> bool:
        await replica.service.relay.empty()
        return replica.service.spool.pending == 0

    await eventually(empty, "the spool is empty")


async def test_a_message_is_kept_while_the_database_is_down(
    replica: Inner, whole_postgres: Postgres, rows: Any, tmp_path: Path
) -> None:
    whole_postgres.stop()
    began = time.monotonic()
    answers = [await replica.say(f"話 {number} !HIGH", key=f"k-{number}") for number in range(5)]
    assert time.monotonic() - began < 8
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["stored"] for answer in answers} == {False}
    (segment,) = (tmp_path / "spool").glob("*.jsonl")
    assert segment.stat().st_mode & 0o777 == 0o600
    assert replica.service.spool.pending == 10
    ready = await replica.client.get("/api/v1/ready")
    assert (ready.status_code, ready.json()["degraded"]) == (200, ["database"])
    whole_postgres.start()
    await _emptied(replica)
    assert list((tmp_path / "spool").iterdir()) == []
    stored = await rows("SELECT content FROM messages ORDER BY role DESC, content")
    assert [row["content"] for row in stored] == [
        *(f"話 {number} !HIGH" for number in range(5)),
        *(f"回覆 {number}" for number in range(1, 6)),
    ]
    assert len(await rows("SELECT 1 FROM risk_events WHERE level = 'HIGH'")) == 5


async def test_a_retry_across_the_outage_gets_the_first_reply_and_is_stored_once(
    replica: Inner, whole_postgres: Postgres, rows: Any
) -> None:
    whole_postgres.stop()
    first = (await replica.say("請等我", key="k")).json()
    during = await replica.say("請等我", key="k")
    assert during.headers["idempotency-replayed"] == "true"
    assert during.json() == first
    assert (await replica.say("別的", key="k")).status_code == 422
    whole_postgres.start()
    await _emptied(replica)
    after = (await replica.say("請等我", key="k")).json()
    assert (after["message_id"], after["reply"]) == (first["message_id"], first["reply"])
    assert len(await rows("SELECT 1 FROM messages")) == 2


async def test_a_conversation_begun_in_the_outage_goes_on_at_once(
    replica: Inner, whole_postgres: Postgres, rows: Any
) -> None:
    whole_postgres.stop()
    first = (await replica.say("一")).json()
    second = await replica.say("二", conversation_id=first["conversation_id"])
    assert second.status_code == 200
    path = f"/api/v1/conversations/{first['conversation_id']}/messages"
    assert (await replica.client.get(path, params={"person": "p-1"})).status_code == 503
    whole_postgres.start()

    async def stored() -> bool:
        answer = await replica.say("三", conversation_id=first["conversation_id"])
        assert answer.status_code == 200
        return bool(answer.json()["stored"])

    await eventually(stored, "the database takes messages again")
    await _emptied(replica)
    assert len(await rows("SELECT 1 FROM conversations")) == 1


async def test_a_frozen_database_costs_one_wait_and_not_one_per_message(
    replica: Inner, whole_postgres: Postgres, rows: Any
) -> None:
    await replica.say("之前")
    whole_postgres.freeze()
    began = time.monotonic()
    first = await replica.say("第一句")
    waited = time.monotonic() - began
    assert first.json()["stored"] is False
    assert waited < 4
    answers = await asyncio.gather(*(replica.say(f"之後 {number}") for number in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    reasons = [line["error.message"] for line in replica.log_lines() if line["message"] == SPOOLED]
    # one more may have tried in between; nobody else waited
    assert reasons.count("the database was away a moment ago") >= 19
    read = await replica.client.get(
        f"/api/v1/conversations/{first.json()['conversation_id']}/messages", params={"person": "p-1"}
    )
    assert read.status_code == 503
    assert read.json()["hotlines"]
    whole_postgres.thaw()
    await _emptied(replica)
    assert len(await rows("SELECT 1 FROM messages WHERE role = 'person'")) == 22
    assert len(await rows("SELECT 1 FROM messages")) == 44


async def test_killing_the_database_in_the_middle_of_traffic_loses_and_doubles_nothing(
    replica: Inner, whole_postgres: Postgres, rows: Any
) -> None:
    answered: dict[str, str] = {}
    stop = asyncio.Event()

    async def person(number: int) -> None:
        count = 0
        while not stop.is_set():
            text = f"{number}-{count}"
            answer = await replica.say(text, key=text, person=f"p-{number}")
            assert answer.status_code == 200
            answered[text] = answer.json()["reply"]
            count += 1

    people = [asyncio.create_task(person(number)) for number in range(6)]
    for _ in range(2):
        before = len(answered)

        async def busy(before: int = before) -> bool:
            return len(answered) > before + 40

        await eventually(busy, "messages flow")
        await asyncio.to_thread(whole_postgres.kill)
        await eventually(busy, "messages flow without a database")
        await asyncio.to_thread(whole_postgres.start)
    stop.set()
    await asyncio.gather(*people)
    await _emptied(replica)
    pairs = await rows("SELECT m.content, r.content FROM messages m JOIN messages r ON r.reply_to = m.id")
    assert sorted(tuple(pair) for pair in pairs) == sorted(answered.items())
    assert len(await rows("SELECT 1 FROM messages")) == 2 * len(answered)


async def test_an_exhausted_pool_is_an_outage_like_any_other(
    database: Any, valkey: Valkey, tmp_path: Path
) -> None:
    settings = settings_for(database.url, valkey.url, tmp_path, database_pool_size=1)
    async with inner_replica(settings) as replica, replica.service.database.engine.connect():
        began = time.monotonic()
        answer = await replica.say("你好")
        assert (answer.status_code, answer.json()["stored"]) == (200, False)
        assert time.monotonic() - began < 4


async def test_a_replica_starts_without_its_dependencies_and_finds_them_later(
    database: Any, tmp_path: Path, whole_postgres: Postgres
) -> None:
    whole_postgres.stop()
    settings = settings_for(database.url, f"redis://127.0.0.1:{free_port()}/0", tmp_path)
    async with inner_replica(settings) as replica:
        ready = await replica.client.get("/api/v1/ready")
        assert (ready.status_code, ready.json()["degraded"]) == (200, ["database", "cache"])
        assert (await replica.say("你好")).status_code == 200
        whole_postgres.start()

        async def recovered() -> bool:
            await replica.service.probes.look()
            return (await replica.client.get("/api/v1/ready")).json()["degraded"] == ["cache"]

        await eventually(recovered, "the database is seen again")
        assert replica.service.probes.schema_known
        await _emptied(replica)


async def test_without_a_cache_people_are_answered_and_not_limited(database: Any, tmp_path: Path) -> None:
    with valkey_server() as own:
        settings = settings_for(database.url, own.url, tmp_path, rate_limit="1/minute")
        async with inner_replica(settings) as replica:
            assert (await replica.say("一")).status_code == 200
            assert (await replica.say("二")).status_code == 429
            own.freeze()
            began = time.monotonic()
            assert (await replica.say("三")).status_code == 200
            assert time.monotonic() - began < 1
            assert (await replica.say("四")).status_code == 200
            opened = [line for line in replica.log_lines() if line.get("event.action") == "ratelimit.open"]
            assert len(opened) == 1
            own.stop()
            await replica.service.probes.look()
            assert (await replica.client.get("/api/v1/ready")).json()["degraded"] == ["cache"]
            assert (await replica.say("五")).status_code == 200


async def test_what_neither_database_nor_disk_takes_is_answered_and_counted(
    replica: Inner, whole_postgres: Postgres, tmp_path: Path
) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    whole_postgres.stop()
    answer = await replica.say("你好")
    assert (answer.status_code, answer.json()["stored"]) == (200, False)
    assert "xiongichat_spool_failures_total 2.0" in (await replica.client.get("/metrics")).text


async def test_a_dead_replicas_spool_is_brought_by_another_one(
    database: Any, valkey: Valkey, tmp_path: Path, whole_postgres: Postgres, rows: Any
) -> None:
    settings = settings_for(database.url, valkey.url, tmp_path)
    whole_postgres.stop()
    async with inner_replica(settings) as first:
        await first.say("留言 !IMMINENT", key="k")
    (segment,) = tmp_path.glob("*.jsonl")
    with segment.open("ab") as torn:
        torn.write(b'{"kind": "message", "id": "')
    whole_postgres.start()
    replies = ScriptedResponder(calls=[("", (), None)] * 10)  # type: ignore[list-item]
    async with inner_replica(settings, replies) as second, inner_replica(settings) as third:

        async def gone() -> bool:
            await asyncio.gather(second.service.relay.empty(), third.service.relay.empty())
            return not list(tmp_path.glob("*.jsonl"))

        await eventually(gone, "the dead replica's segment is brought")
        retried = await second.say("留言 !IMMINENT", key="k")
        assert retried.json()["reply"] == "回覆 1"
    assert len(await rows("SELECT 1 FROM messages")) == 2
    assert len(await rows("SELECT 1 FROM risk_events")) == 1


async def test_two_replicas_that_spool_the_same_request_leave_one_message(
    database: Any, valkey: Valkey, tmp_path: Path, whole_postgres: Postgres, rows: Any
) -> None:
    settings = settings_for(database.url, valkey.url, tmp_path)
    async with inner_replica(settings) as first, inner_replica(settings) as second:
        whole_postgres.stop()
        one = (await first.say("同一句", key="k")).json()
        two = (await second.say("同一句", key="k")).json()
        other = (await second.say("另一句", key="j")).json()
        await first.say("不同的話", key="j")
        assert one["message_id"] == two["message_id"]
        whole_postgres.start()
        await _emptied(first)
        await _emptied(second)
    stored = await rows("SELECT id, content FROM messages WHERE role = 'person' ORDER BY content")
    assert [row["content"] for row in stored] == ["不同的話", "另一句", "同一句"]
    assert len(await rows("SELECT 1 FROM messages")) == 6
    assert other["message_id"] in {str(row["id"]) for row in stored}


async def test_a_spooled_message_never_lands_in_another_persons_conversation(
    replica: Inner, whole_postgres: Postgres, rows: Any
) -> None:
    theirs = (await replica.say("我的", person="p-other")).json()["conversation_id"]
    whole_postgres.stop()
    assert (await replica.say("混進去", conversation_id=theirs)).status_code == 200
    whole_postgres.start()
    await _emptied(replica)
    owners = await rows(
        "SELECT c.person, c.id FROM messages m JOIN conversations c ON c.id = m.conversation_id"
        " WHERE m.content = '混進去'"
    )
    assert [row["person"] for row in owners] == ["p-1"]
    assert owners[0]["id"] != uuid.UUID(theirs)


def test_the_servers_of_these_tests_run_as_somebody_harmless() -> None:
    with postgres_server() as server:
        assert server.process is not None
        owner = os.stat(f"/proc/{server.process.pid}").st_uid
        assert owner != 0
