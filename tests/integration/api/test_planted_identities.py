"""Identities of every kind, planted wherever a caller or a fault can put them, are found nowhere.

One replica as a real process, at DEBUG, with the access log asked for. What it writes, what it
answers (but for the person's own conversation), its metrics and its files are searched, and so is
what the language model was sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from echoing_model import EchoingModel, echoing_model
from planted import Planted, files_below, leaks, planted
from replicas import TOKEN, Outer, outer_replica
from servers import Postgres, Valkey, drop_database, make_database

CHAT = "/api/v1/chat"
NOWHERE = "00000000-0000-4000-8000-000000000000"
FAULTS = (
    *("handler", "validation", "database", "driver", "database_log", "task", "callback"),
    *("thread", "finaliser", "warning", "client_log", "loggers"),
)
# the database refuses these messages with the message in its words
_REFUSAL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.content LIKE '!database%' THEN RAISE EXCEPTION 'refused: %', NEW.content; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@dataclass
class Evidence:
    """What there is to search."""

    log: bytes = b""
    metrics: bytes = b""
    answers: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    own: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    exit_code: int | None = None

    def keep(self, name: str, answer: httpx.Response) -> None:
        """Notes an answer: head and body."""
        head = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
        self.answers[name] = head + b"\n" + answer.content
        self.statuses[name] = answer.status_code

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]


@pytest.fixture(scope="module")
def model() -> Iterator[EchoingModel]:
    with echoing_model() as server:
        yield server


@pytest.fixture(scope="module")
def evidence(
    postgres: Postgres,
    valkey: Valkey,
    migrated_template: str,
    model: EchoingModel,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Evidence]:
    """Plants everything, in one replica's life."""
    folder, name, seen = tmp_path_factory.mktemp("planted"), "planted_identities", Evidence()
    asyncio.run(make_database(postgres, name, migrated_template))
    try:
        asyncio.run(_execute(postgres.url(name), _REFUSAL))
        settings = {
            "application": "faulty_replica:app",
            "options": ("--log-level=debug",),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONASYNCIODEBUG": "1",
            "LOG_LEVEL": "DEBUG",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_EMBEDDINGS": "1",
        }
        url = postgres.url(name, "xiongichat_app")
        with outer_replica(url, valkey.url, folder, **settings) as replica:  # type: ignore[arg-type]
            asyncio.run(_plant(replica, seen))
            replica.signal(signal.SIGTERM)
            seen.exit_code = replica.process.wait(20)
            seen.log = replica.log.read_bytes()
        seen.files = files_below(folder, without=[folder / "spool"])
        seen.files |= {f"valkey/{name}": data for name, data in files_below(valkey.folder).items()}
        yield seen
    finally:
        asyncio.run(drop_database(postgres, name))


async def _execute(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def _plant(replica: Outer, seen: Evidence) -> None:
    async with replica.client() as client:
        for identity in planted():
            await _in_requests(client, seen, identity)
            await _in_bodies(client, seen, identity)
            await _in_faults(client, seen, identity)
            await _in_conversation(client, seen, identity)
            seen.answers[f"garbage {identity.kind}"] = await asyncio.to_thread(
                _no_http, replica.port, identity.value
            )
        seen.metrics = (await client.get("/metrics")).content


async def _in_requests(client: httpx.AsyncClient, seen: Evidence, identity: Planted) -> None:
    """In what stands before a body."""
    raw, kind = identity.value.encode(), identity.kind
    query = {"person": identity.value, "after": identity.sentence, identity.value: "1"}
    said = {"person": "p-1", "message": "你好"}
    for name in ("User-Agent", "Referer", "Cookie", "X-Forwarded-For", "X-Request-ID", "Origin", "X-Any"):
        seen.keep(f"{name} {kind}", await client.get("/nowhere", headers={name: raw}))
    for name in ("Idempotency-Key", "X-Synthetic", "X-Request-ID", "Content-Type", "traceparent"):
        answer = await client.post(CHAT, json=said, headers={name: raw})
        seen.keep(f"chat with {name} {kind}", answer)
    headers = {"Authorization": b"Bearer " + raw}
    seen.keep(f"token {kind}", await client.post(CHAT, json=said, headers=headers))
    for path in (
        f"/{identity.value}",
        f"{CHAT}/{identity.value}/",
        f"/api/v1/conversations/{identity.value}/messages",
        f"/api/v1/conversations/{identity.value}/messages/",
        f"/api/v1/conversations/{NOWHERE}/messages",
        "/api/v1/healthz/",
    ):
        seen.keep(f"path {path} {kind}", await client.get(path, params=query))
    if identity.value.isalnum() and identity.value.isascii():
        # the server's parser knows all methods that there are and refuses this one itself
        seen.keep(f"method {kind}", await client.request(identity.value, CHAT))
    seen.keep(f"rare method {kind}", await client.request("PROPFIND", f"{CHAT}/{identity.value}"))


async def _in_bodies(client: httpx.AsyncClient, seen: Evidence, identity: Planted) -> None:
    """In bodies that are refused."""
    value, said = identity.value, identity.sentence
    bodies: dict[str, Any] = {
        "person": {"person": f"{value} ?", "message": "你好"},
        "conversation": {"person": "p-1", "message": "你好", "conversation_id": value},
        "no text": {"person": "p-1", "message": {said: [value]}},
        "a NUL": {"person": "p-1", "message": f"{said}\x00"},
        "too long": {"person": "p-1", "message": said * 500},
        "a list": [value, said],
    }
    for name, body in bodies.items():
        seen.keep(f"{name} {identity.kind}", await client.post(CHAT, json=body))
    headers = {"Content-Type": "application/json"}
    contents: dict[str, bytes | AsyncIterator[bytes]] = {
        "malformed": f'{{"message": "{said}"'.encode(),
        "no UTF-8": f'{{"message": "{said}'.encode() + b'\xff"}',
        "oversized": json.dumps({"person": "p-1", "message": value, "more": said * 9000}).encode(),
        "endless": _pieces(said),
    }
    for name, content in contents.items():
        # who goes on sending after a refusal may find the connection reset before the answer is read
        with contextlib.suppress(httpx.TransportError):
            answer = await client.post(CHAT, content=content, headers=headers)
            seen.keep(f"{name} {identity.kind}", answer)


async def _pieces(said: str) -> AsyncIterator[bytes]:
    """A body without a length that grows beyond the limit."""
    for _ in range(100):
        yield said.encode() * 40


async def _in_faults(client: httpx.AsyncClient, seen: Evidence, identity: Planted) -> None:
    """In what a part of the service raises, warns of or logs."""
    for fault in FAULTS:
        for words in (identity.value, identity.sentence):
            answer = await client.post(f"/faults/{fault}", content=words.encode())
            seen.keep(f"fault {fault} {identity.kind} {len(words)}", answer)
    answer = await client.post("/faults/own_log", content=identity.sentence.encode())
    seen.keep(f"fault own_log {identity.kind}", answer)
    for part in ("responder", "assessor", "database"):
        body = {"person": "p-1", "message": f"!{part} {identity.sentence}"}
        answer = await client.post(CHAT, json=body, headers={"Idempotency-Key": f"{part}-{identity.kind}"})
        seen.statuses[f"chat with failing {part} {identity.kind}"] = (
            answer.status_code
        )  # the rest is their own


async def _in_conversation(client: httpx.AsyncClient, seen: Evidence, identity: Planted) -> None:
    """In the person's own words: first said, then remembered, long, and to a model that fails."""
    person = f"p-{identity.kind}"
    first = await client.post(CHAT, json={"person": person, "message": identity.sentence})
    own = [first.json()["reply"]]
    conversation = first.json()["conversation_id"]
    # the cut of a turn (1000 characters) and of a question (800) fall into the identity
    for length in (800, 1000):
        padding = "嗯" * (length - identity.sentence.index(identity.value) - len(identity.value) // 2 - 1)
        body = {"person": person, "message": f"{padding}，{identity.sentence}"}
        await client.post(CHAT, json={**body, "conversation_id": conversation})
    for mark in ("!500", "!garbage", "再說一次"):
        body = {"person": person, "message": f"{mark} {identity.sentence}", "conversation_id": conversation}
        answer = await client.post(CHAT, json=body)
        own.append(answer.json()["reply"])
    page = await client.get(f"/api/v1/conversations/{conversation}/messages", params={"person": person})
    seen.own[identity.kind] = [*own, page.text]
    stranger = await client.get(f"/api/v1/conversations/{conversation}/messages", params={"person": "p-2"})
    seen.keep(f"stranger {identity.kind}", stranger)


def _no_http(port: int, value: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{value} {value} ?\r\n{value}\r\n\r\n".encode())
        return connection.recv(4096)


def test_the_process_writes_none(evidence: Evidence) -> None:
    assert leaks({"log": evidence.log}) == []


def test_no_answer_but_in_the_own_conversation_holds_one(evidence: Evidence) -> None:
    assert leaks(evidence.answers) == []


def test_no_metric_and_no_label_holds_one(evidence: Evidence) -> None:
    assert b'method="other"' in evidence.metrics
    assert leaks({"metrics": evidence.metrics}) == []


def test_no_file_but_database_and_spool_holds_one(evidence: Evidence) -> None:
    assert evidence.files
    assert leaks(evidence.files) == []


def test_the_model_and_its_embeddings_see_none(evidence: Evidence, model: EchoingModel) -> None:
    for call in ("/chat/completions", "/embeddings"):
        sent = model.requests(call)
        assert len(sent) >= 3 * len(planted()), call
        assert leaks({f"{call} {number}": data for number, data in enumerate(sent)}) == []


def test_the_person_reads_the_own_identity_in_the_reply(evidence: Evidence) -> None:
    for identity in planted():
        replies = evidence.own[identity.kind]
        assert identity.value in replies[0], identity.kind
        assert identity.value in replies[-1], identity.kind
        assert not re.search(r"\[[A-Z_]+_[0-9]+\]", "".join(replies)), identity.kind


def test_every_fault_happened_and_was_told(evidence: Evidence) -> None:
    lines = evidence.lines()
    types = {line.get("error.type") for line in lines}
    assert evidence.exit_code == 0
    assert {
        "builtins.RuntimeError",
        "builtins.ValueError",
        "pydantic_core._pydantic_core.ValidationError",
        "sqlalchemy.exc.DBAPIError",
        "DeprecationWarning",
    } <= types
    said = {line["message"] for line in lines}
    assert {"seen …", "it failed", "an error that nobody caught", "the database refused a message"} <= said
    loggers = {line.get("log.logger") for line in lines}
    assert {"asyncio", "httpx", "sqlalchemy.engine.Engine", "uvicorn.error", "py.warnings"} <= loggers
    assert "uvicorn.access" not in loggers


def test_the_requests_were_refused_and_answered_as_meant(evidence: Evidence) -> None:
    for kind in (identity.kind for identity in planted()):
        of = {
            name.removesuffix(f" {kind}"): status
            for name, status in evidence.statuses.items()
            if kind in name
        }
        assert (of["malformed"], of["token"], of.get("oversized", 413), of.get("endless", 413)) == (
            400,
            401,
            413,
            413,
        )
        assert (of["conversation"], of["a NUL"], of["too long"], of["a list"]) == (422, 422, 422, 422)
        assert of["chat with failing responder"] == 200
        assert TOKEN not in evidence.log.decode()
