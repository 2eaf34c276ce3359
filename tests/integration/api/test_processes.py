"""Replicas as real processes: several at once, drained, stopped, killed."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from replicas import Outer, outer_replica
from servers import Postgres, Valkey, eventually


@pytest.fixture
def two(database: Any, valkey: Valkey, tmp_path: Path) -> Iterator[tuple[Outer, Outer]]:
    """Two replicas that share database, cache and spool."""
    with (
        outer_replica(database.url, valkey.url, tmp_path, wait=False) as one,
        outer_replica(database.url, valkey.url, tmp_path) as other,
    ):
        one.wait_healthy()
        yield one, other


@pytest.fixture
def whole_postgres(postgres: Postgres) -> Iterator[Postgres]:
    """The server, running again when the test is over whatever the test did to it."""
    yield postgres
    if postgres.process is None:
        postgres.start()
    else:
        postgres.thaw()


async def _say(client: httpx.AsyncClient, text: str, key: str) -> httpx.Response:
    body = {"person": "p-1", "message": text}
    return await client.post("/api/v1/chat", json=body, headers={"Idempotency-Key": key})


async def _spool_is_empty(folder: Path) -> bool:
    return not list(folder.glob("*.jsonl"))


async def test_the_same_request_on_two_replicas_is_stored_and_answered_once(
    two: tuple[Outer, Outer], rows: Any
) -> None:
    async with two[0].client() as one, two[1].client() as other:
        for number in range(10):
            pair = await asyncio.gather(
                *(_say(client, f"我睡不著 {number}", f"k-{number}") for client in (one, other, one, other))
            )
            assert {answer.status_code for answer in pair} == {200}
            assert len({json.dumps(answer.json(), sort_keys=True) for answer in pair}) == 1
    assert len(await rows("SELECT 1 FROM messages")) == 20


async def test_two_replicas_and_a_database_that_goes_and_comes_lose_nothing(
    two: tuple[Outer, Outer], whole_postgres: Postgres, rows: Any, tmp_path: Path
) -> None:
    texts = [f"第 {number} 句" for number in range(30)]
    async with two[0].client() as one, two[1].client() as other:
        clients = (one, other)

        async def say_twice(number: int) -> None:
            first = await _say(clients[number % 2], texts[number], f"k-{number}")
            again = await _say(clients[1 - number % 2], texts[number], f"k-{number}")
            assert {first.status_code, again.status_code} == {200}
            assert first.json()["message_id"] == again.json()["message_id"]

        for number in range(10):
            await say_twice(number)
        await asyncio.to_thread(whole_postgres.kill)
        for number in range(10, 20):
            await say_twice(number)
        await asyncio.to_thread(whole_postgres.start)
        for number in range(20, 30):
            await say_twice(number)
        await eventually(lambda: _spool_is_empty(tmp_path / "spool"), "both spools are empty")
    stored = await rows("SELECT content FROM messages WHERE role = 'person'")
    assert sorted(row["content"] for row in stored) == sorted(texts)
    assert len(await rows("SELECT 1 FROM messages")) == 60


async def test_a_killed_replicas_messages_are_brought_by_the_one_that_lives(
    two: tuple[Outer, Outer], whole_postgres: Postgres, rows: Any, tmp_path: Path
) -> None:
    await asyncio.to_thread(whole_postgres.stop)
    async with two[0].client() as client:
        answers = [await _say(client, f"話 {number}", f"k-{number}") for number in range(5)]
    assert {answer.json()["stored"] for answer in answers} == {False}
    two[0].process.kill()
    two[0].process.wait(10)
    await asyncio.to_thread(whole_postgres.start)
    await eventually(lambda: _spool_is_empty(tmp_path / "spool"), "the orphan is brought")
    assert len(await rows("SELECT 1 FROM messages")) == 10


async def test_a_drained_replica_loses_no_request(two: tuple[Outer, Outer]) -> None:
    """As a proxy does it: use a replica until it is no longer ready, then stop it."""
    replica = two[0]
    statuses: list[int] = []
    async with replica.client() as client, replica.client() as probe:

        async def traffic() -> None:
            while True:
                answer = await client.get("/api/v1/conversations/nothing/messages")
                statuses.append(answer.status_code)
                if "close" in answer.headers.get("connection", ""):
                    return

        people = [asyncio.create_task(traffic()) for _ in range(8)]

        async def flowing() -> bool:
            return len(statuses) > 200

        await eventually(flowing, "traffic flows")
        assert (await probe.get("/api/v1/ready")).status_code == 200
        replica.signal(signal.SIGUSR1)
        await asyncio.wait_for(asyncio.gather(*people), 10)
        ready = await probe.get("/api/v1/ready")
        assert (ready.status_code, ready.json()["reason"]) == (503, "draining")
        assert (await probe.get("/api/v1/healthz")).status_code == 200
    assert set(statuses) == {422}
    replica.signal(signal.SIGTERM)
    assert await asyncio.to_thread(replica.process.wait, 10) == 0


async def test_a_stopped_replica_finishes_what_is_in_flight_and_ends_with_0(
    two: tuple[Outer, Outer], whole_postgres: Postgres
) -> None:
    replica = two[0]
    async with replica.client() as client:
        assert (await _say(client, "之前", "k-0")).status_code == 200
        # a frozen database holds the request for its two seconds
        await asyncio.to_thread(whole_postgres.freeze)
        request = asyncio.create_task(_say(client, "請等我", "k-1"))

        async def arrived() -> bool:
            metrics = await asyncio.to_thread(httpx.get, f"{replica.url}/metrics")
            return "http_requests_in_flight 1.0" in metrics.text

        await eventually(arrived, "the request is in flight")
        replica.signal(signal.SIGTERM)
        answer = await request
        assert (answer.status_code, answer.json()["stored"]) == (200, False)
    assert await asyncio.to_thread(replica.process.wait, 15) == 0


async def test_a_replica_logs_json_lines_only_and_nothing_that_was_said(two: tuple[Outer, Outer]) -> None:
    replica = two[0]
    began = time.monotonic()
    async with replica.client() as client:
        await _say(client, "獨一無二的話", "獨".encode().hex())
        await client.get("/api/v1/conversations/x/messages?person=secretperson")
        await client.post("/api/v1/chat", content=b"{", headers={"Content-Type": "application/json"})
    replica.signal(signal.SIGTERM)
    await asyncio.to_thread(replica.process.wait, 10)
    assert time.monotonic() - began < 10
    lines = [json.loads(line) for line in replica.log.read_text().splitlines()]
    assert {line["service.name"] for line in lines} == {"xiongichat-api"}
    assert {"service.started", "chat.answered", "service.stopped"} <= {
        line["event.action"] for line in lines if "event.action" in line
    }
    answered = next(line for line in lines if line.get("event.action") == "chat.answered")
    assert answered["trace.id"]
    assert "獨一無二" not in replica.log.read_text()
    assert "secretperson" not in replica.log.read_text()
