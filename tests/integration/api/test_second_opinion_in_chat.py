"""A second opinion in a chat: it raises what is stored, paged and answered, and costs nobody a reply."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.knowledge.memory import MemoryKnowledge
from api.pages import reading
from api.replies.build import build_responder
from api.replies.scripts import shipped_scripts
from api.risk.build_opinion import LIMITS, build_second_opinion
from api.risk.model import Level
from api.settings import Secret
from judging_model import JudgingModel, judging_model
from paging import stage
from replicas import REHEARSAL_TOKEN, Inner, ScriptedResponder, inner_replica, settings_for
from servers import Postgres, eventually

# a busy machine must not look like a slow model
PATIENT = dataclasses.replace(LIMITS, deadline_s=20.0, first_byte_s=20.0, connect_s=10.0)
QUICK = dataclasses.replace(LIMITS, deadline_s=0.3, first_byte_s=0.3)


@pytest.fixture
async def model() -> AsyncIterator[JudgingModel]:
    async with judging_model() as made:
        yield made


Start = Callable[..., contextlib.AbstractAsyncContextManager[Inner]]


@pytest.fixture
def start(
    database: Any, valkey: Any, tmp_path: Path, model: JudgingModel, monkeypatch: pytest.MonkeyPatch
) -> Start:
    """Starts a replica with scripted verdicts and replies, and a second opinion from the model."""

    def begin(responder: Any = None, limits: Any = PATIENT, **changes: Any) -> Any:
        monkeypatch.setattr(
            "api.wiring.build_second_opinion", functools.partial(build_second_opinion, limits=limits)
        )
        where = {"openai_base_url": model.url, "openai_api_key": Secret("k")}
        settings = settings_for(database.url, valkey.url, tmp_path / "spool", **where, **changes)
        return inner_replica(settings, responder)

    return begin


@pytest.fixture
async def careful(start: Start) -> AsyncIterator[Inner]:
    async with start() as replica:
        yield replica


@pytest.fixture
def whole_postgres(postgres: Postgres) -> Iterator[Postgres]:
    yield postgres
    if postgres.process is None:
        postgres.start()


async def _pages(rows: Any) -> list[tuple[str, int]]:
    found = await rows("SELECT level, events FROM pages ORDER BY level")
    return [(row["level"], row["events"]) for row in found]


async def _verdicts(rows: Any) -> list[tuple[Any, ...]]:
    """What is stored of each message's danger: its level, and its risk event."""
    found = await rows(
        "SELECT m.risk_level, e.level, e.categories, e.rules FROM messages m"
        " LEFT JOIN risk_events e ON e.message_id = m.id WHERE m.role = 'person' ORDER BY m.sequence"
    )
    return [tuple(row) for row in found]


async def _emptied(replica: Inner) -> None:
    async def empty() -> bool:
        await replica.service.relay.empty()
        return replica.service.spool.pending == 0

    await eventually(empty, "the spool is empty")


async def test_what_the_rules_miss_is_paged_and_answered_with_the_hotlines(
    careful: Inner, model: JudgingModel, rows: Any
) -> None:
    model.judges("IMMINENT", "suicide")
    body = (await careful.say("看電視")).json()
    assert body["risk"] == {"level": "IMMINENT", "categories": ["suicide"]}
    assert (body["stored"], body["reply"]) == (True, "回覆 2")
    assert body["hotlines"]
    assert [call[2].level for call in careful.responder.calls] == [Level.NONE, Level.IMMINENT]
    assert await _verdicts(rows) == [("IMMINENT", "IMMINENT", ["suicide"], ["second_opinion"])]
    assert await _pages(rows) == [("IMMINENT", 1)]
    metrics = (await careful.client.get("/metrics")).text
    assert 'risk_events_total{level="IMMINENT"} 1.0' in metrics
    assert 'risk_events_total{level="NONE"} 0.0' in metrics
    assert 'risk_second_opinions_total{outcome="raised"} 1.0' in metrics


async def test_the_crisis_script_is_what_a_person_reads_after_a_raise(
    start: Start, model: JudgingModel
) -> None:
    model.judges("IMMINENT", "suicide")
    # without a key: the built-in replies
    settings = settings_for("postgresql://nowhere", "redis://nowhere", Path("spool"))
    responder = build_responder(settings, MemoryKnowledge(), None, CollectorRegistry())
    async with start(responder) as replica:
        body = (await replica.say("看電視")).json()
    assert body["reply"].startswith(shipped_scripts().crisis(["suicide"], Level.IMMINENT, "zh"))


async def test_a_raise_below_danger_calls_nobody_and_keeps_the_reply(
    careful: Inner, model: JudgingModel, rows: Any
) -> None:
    model.judges("MEDIUM", "relapse")
    body = (await careful.say("有點想 !LOW")).json()
    assert (body["risk"]["level"], body["reply"]) == ("MEDIUM", "回覆 1")
    assert "hotlines" not in body
    rules = ["mark_low", "second_opinion"]
    assert await _verdicts(rows) == [("MEDIUM", "MEDIUM", ["suicide", "relapse"], rules)]
    assert await _pages(rows) == []


async def test_a_page_that_was_open_already_is_followed_by_one_of_the_new_level(
    careful: Inner, model: JudgingModel, rows: Any
) -> None:
    model.judges("IMMINENT", "suicide")
    assert (await careful.say("我在頂樓 !HIGH")).json()["risk"]["level"] == "IMMINENT"
    assert await _pages(rows) == [("HIGH", 0), ("IMMINENT", 1)]


@pytest.mark.parametrize("level", ["NONE", "MEDIUM", "HIGH"])
async def test_no_opinion_lowers_a_level(careful: Inner, model: JudgingModel, rows: Any, level: str) -> None:
    model.judges(level, "crime")
    assert (await careful.say("!HIGH")).json()["risk"] == {"level": "HIGH", "categories": ["suicide"]}
    assert await _verdicts(rows) == [("HIGH", "HIGH", ["suicide"], ["mark_high"])]
    assert await _pages(rows) == [("HIGH", 1)]
    assert len(careful.responder.calls) == 1


@pytest.mark.parametrize(
    ("text", "status", "finish"),
    [
        ('{"level": "IMMINENT", "categories": ["suicide"]}', 500, "stop"),
        ('{"level": "IMMINENT", "categories": ["suicide"]}', 429, "stop"),
        ('{"level": "IMMINENT", "categories": ["suicide"]}', 200, "length"),
        ("很危險，IMMINENT", 200, "stop"),
        ('{"level": "DOOM"}', 200, "stop"),
    ],
)
async def test_an_outage_or_nonsense_changes_nothing(
    careful: Inner, model: JudgingModel, rows: Any, text: str, status: int, finish: str
) -> None:
    model.says(text, status, finish)
    body = (await careful.say("今天 !LOW")).json()
    assert (body["risk"]["level"], body["reply"], body["stored"]) == ("LOW", "回覆 1", True)
    assert await _verdicts(rows) == [("LOW", "LOW", ["suicide"], ["mark_low"])]
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("limits", "changes"), [(QUICK, {}), (PATIENT, {"reply_deadline_s": 0.3})], ids=["model", "reply"]
)
async def test_an_opinion_that_is_late_changes_nothing_and_keeps_nobody_waiting(
    start: Start, model: JudgingModel, rows: Any, limits: Any, changes: dict[str, Any]
) -> None:
    model.answer = model.silence
    async with start(limits=limits, **changes) as replica:
        began = time.monotonic()
        body = (await replica.say("今天 !LOW")).json()
        assert time.monotonic() - began < 8
    assert (body["risk"]["level"], body["reply"], body["source"]) == ("LOW", "回覆 1", "offline")
    assert await _verdicts(rows) == [("LOW", "LOW", ["suicide"], ["mark_low"])]


async def test_a_person_in_danger_does_not_wait_for_a_slow_reply_to_somebody_who_is_not(
    start: Start, model: JudgingModel
) -> None:
    model.judges("HIGH", "suicide")
    responder = ScriptedResponder()

    async def first_is_slow() -> None:
        if len(responder.calls) == 1:
            await asyncio.Event().wait()

    responder.before = first_is_slow
    async with start(responder) as replica:
        body = (await replica.say("看電視")).json()
    assert (body["reply"], body["source"], body["risk"]["level"]) == ("回覆 2", "offline", "HIGH")


async def test_a_rehearsal_asks_for_no_opinion(careful: Inner, model: JudgingModel) -> None:
    headers = {"X-Synthetic": "1", "Authorization": f"Bearer {REHEARSAL_TOKEN}"}
    body = {"person": "probe", "message": "演習 !LOW"}
    answer = await careful.client.post("/api/v1/chat", json=body, headers=headers)
    assert answer.json()["risk"]["level"] == "LOW"
    assert model.asked == []


async def test_what_leaves_is_redacted_and_holds_what_was_said_before(
    careful: Inner, model: JudgingModel
) -> None:
    model.judges("NONE")
    first = (await careful.say("我的手機是0912345678")).json()
    await careful.say("身分證A123456789，打給我", conversation_id=first["conversation_id"])
    sent = json.dumps(model.asked, ensure_ascii=False)
    assert "0912345678" not in sent
    assert "A123456789" not in sent
    said = [one["content"] for one in model.asked[1] if one["role"] == "user"]
    assert len(said) == 2
    assert said[0].startswith("我的手機是[")
    assert "回覆" not in "".join(said)


async def test_a_retried_message_gets_the_raised_verdict(
    careful: Inner, model: JudgingModel, rows: Any
) -> None:
    model.judges("IMMINENT", "suicide")
    first = await careful.say("看電視", key="k")
    model.judges("NONE")
    again = await careful.say("看電視", key="k")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    # and where the first try ended before its reply was stored
    await rows("DELETE FROM messages WHERE role = 'assistant'")
    third = (await careful.say("看電視", key="k")).json()
    assert third["risk"] == {"level": "IMMINENT", "categories": ["suicide"]}
    assert third["hotlines"]
    assert await _pages(rows) == [("IMMINENT", 1)]


async def test_without_a_database_the_raised_verdict_is_spooled_and_paged_from_there(
    start: Start, model: JudgingModel, whole_postgres: Postgres, database: Any, tmp_path: Path, rows: Any
) -> None:
    model.judges("IMMINENT", "suicide")
    async with stage(database.url, tmp_path, lambda: datetime.now(UTC)) as paging, start() as careful:
        await asyncio.to_thread(whole_postgres.stop)
        await paging.pager.desk.work()
        assert paging.pager.duty.outage
        first = await careful.say("看電視", key="k")
        body = first.json()
        assert (body["stored"], body["risk"]["level"], body["reply"]) == (False, "IMMINENT", "回覆 2")
        assert body["hotlines"]
        assert (await careful.say("看電視", key="k")).json() == body
        await paging.pager.intake.look()
        await paging.round()
        assert [notice.level for notice, _ in paging.mail.got] == [Level.IMMINENT]
        await asyncio.to_thread(whole_postgres.start)
        await _emptied(careful)
        await eventually(lambda: _returned(paging), "the pager works in the database again")
        (page,) = await paging.run(lambda c: reading.newest(c, only_open=True, limit=9))
        assert (page.level, page.events, page.step) == (Level.IMMINENT, 1, 0)
    assert await _verdicts(rows) == [("IMMINENT", "IMMINENT", ["suicide"], ["second_opinion"])]


async def _returned(paging: Any) -> bool:
    await paging.pager.duty.tend()
    return not paging.pager.duty.outage


async def test_a_database_that_goes_while_the_model_thinks_loses_no_raised_verdict(
    careful: Inner, model: JudgingModel, whole_postgres: Postgres, rows: Any, tmp_path: Path
) -> None:
    model.judges("IMMINENT", "suicide")
    judges = model.answer
    assert judges is not None

    async def stops_the_database(writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(whole_postgres.stop)
        await judges(writer)

    model.answer = stops_the_database
    first = (await careful.say("看電視 !HIGH", key="k")).json()
    assert (first["stored"], first["risk"]["level"]) == (False, "IMMINENT")
    assert (await careful.say("看電視 !HIGH", key="k")).json() == first
    (segment,) = (tmp_path / "spool").glob("*.jsonl")
    kinds = [json.loads(line)["kind"] for line in segment.read_bytes().splitlines()]
    assert kinds == ["message", "reply"]
    await asyncio.to_thread(whole_postgres.start)
    await _emptied(careful)
    assert await _pages(rows) == [("HIGH", 0), ("IMMINENT", 1)]
    rules = ["mark_high", "second_opinion"]
    assert await _verdicts(rows) == [("IMMINENT", "IMMINENT", ["suicide"], rules)]
