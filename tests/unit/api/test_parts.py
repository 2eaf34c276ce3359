"""The small parts of the service: ids, tokens, the circuit, the schema rule, what is remembered."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from api import identity
from api.authentication import parse_tokens
from api.context import accept_request_id
from api.database.engine import Database, DatabaseAwayError, async_url
from api.database.revisions import VERSIONS, Revision
from api.database.schema import misfit
from api.hotlines import BUSY_REPLY, HOTLINES, SAFE_REPLY
from api.recent import Recent
from api.replies.model import Passage
from api.settings import SettingsError
from api.wiring import KnowledgeWhileUp


def test_ids_follow_from_the_request_where_it_has_a_key() -> None:
    first = identity.message_id("web", "p", "k")
    assert first == identity.message_id("web", "p", "k")
    others = [("web", "p", "l"), ("web", "q", "k"), ("kiosk", "p", "k"), ("webp", "", "k")]
    assert len({identity.message_id(*other) for other in others} | {first}) == 5
    assert identity.message_id("web", "p", None) != identity.message_id("web", "p", None)
    ids = {identity.reply_id(first), identity.conversation_id(first), identity.risk_event_id(first), first}
    assert len(ids) == 4


def test_the_digest_tells_texts_and_conversations_apart() -> None:
    conversation = uuid.UUID(int=1)
    digests = {identity.content_digest(where, what) for where in (None, conversation) for what in ("a", "b")}
    assert len(digests) == 4


@pytest.mark.parametrize(
    "text",
    [
        *(
            "x",
            "{}",
            '["x"]',
            '[{"application": "a"}]',
            '[{"application": "a", "scopes": [], "sha256": "00"}]',
        ),
        '[{"application": "", "scopes": [], "sha256": "' + "0" * 64 + '"}]',
    ],
)
def test_a_broken_token_list_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="API_TOKENS"):
        parse_tokens(text)


def test_a_token_list_is_read() -> None:
    row = {"application": "web", "scopes": ["chat"], "sha256": "0" * 64}
    (entry,) = parse_tokens(json.dumps([row]))
    assert entry.application.scopes == {"chat"}
    assert parse_tokens("") == ()


@pytest.mark.parametrize(
    "offered",
    [
        b"7b1f3a52-50bb-5a3f-9c39-6b8a1f0c2d11",
        b"105445aa7843bc8bf206b12000100000",
        b"00f067aa0ba902b7",
        b"01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ],
)
def test_an_offered_request_id_that_a_machine_made_is_taken(offered: bytes) -> None:
    assert accept_request_id(offered) == offered.decode()


def test_an_offered_request_id_that_may_be_somebodys_is_not_taken() -> None:
    for poison in (
        None,
        b"abc-DEF_12.3",
        b"chen-mei-ling",
        b"0912345678abcdef",
        b"",
        b"0912345678",
        b"1234567",
        b"a" * 65,
        b"12345678\n",
        "識別碼識別碼識別碼".encode(),
    ):
        assert len(accept_request_id(poison)) == 32


def test_a_libpq_url_becomes_the_drivers() -> None:
    url = async_url("postgresql://u:p@/db?host=/run/socket&sslmode=require")
    assert url.drivername == "postgresql+asyncpg"
    assert dict(url.query) == {"host": "/run/socket", "ssl": "require"}


def _revision(name: str, phase: Any) -> Revision:
    return Revision(name, phase, True, VERSIONS / f"{name}.py")


SHIPPED = (_revision("1", "expand"), _revision("2", "expand"), _revision("3", "contract"))


@pytest.mark.parametrize(
    ("applied", "fits"),
    [
        ({}, False),
        ({"1": "expand"}, False),
        ({"1": "expand", "2": "expand"}, True),
        ({"1": "expand", "2": "expand", "3": "contract"}, True),
        ({"1": "expand", "2": "expand", "9": "expand"}, True),
        ({"1": "expand", "2": "expand", "9": "contract"}, False),
        ({"1": "expand", "3": "contract"}, False),
    ],
)
def test_a_schema_fits_where_nothing_is_missing_and_nothing_was_taken(
    applied: dict[str, str], fits: bool
) -> None:
    assert (misfit(SHIPPED, applied) is None) is fits


def test_everything_a_person_may_read_at_the_worst_names_the_numbers() -> None:
    for line in HOTLINES:
        assert line.number in SAFE_REPLY
        assert line.number in BUSY_REPLY


async def test_what_is_remembered_is_limited_and_the_oldest_goes() -> None:
    recent: Recent[str] = Recent(capacity=2)
    for number in range(3):
        recent.remember(uuid.UUID(int=number), b"", str(number))
    assert recent.get(uuid.UUID(int=0)) is None
    assert recent.get(uuid.UUID(int=2)) is not None


async def test_one_key_is_worked_on_by_one_at_a_time_and_another_need_not_wait() -> None:
    recent: Recent[str] = Recent()
    inside: list[int] = []
    release = asyncio.Event()

    async def work(key: int) -> None:
        async with recent.alone(uuid.UUID(int=key)):
            inside.append(key)
            await release.wait()

    tasks = [asyncio.create_task(work(key)) for key in (1, 1, 2)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert inside == [1, 2]
    release.set()
    await asyncio.gather(*tasks)
    assert sorted(inside) == [1, 1, 2]


@dataclass
class _Engine:
    """Stands in for the pool: fails, hangs or works as told."""

    outcomes: list[BaseException | None]
    began: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> _Engine:
        return self

    async def __aenter__(self) -> _Engine:
        self.began += 1
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, TimeoutError):
            await self.gate.wait()
        if outcome is not None:
            raise outcome
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


async def _one(_: Any) -> int:
    return 1


def _database(*outcomes: BaseException | None) -> tuple[Database, _Engine, list[float]]:
    engine, now = _Engine(list(outcomes)), [0.0]
    return Database(engine, lambda: now[0]), engine, now  # type: ignore[arg-type]


async def test_a_dead_connection_is_tried_again_at_once() -> None:
    database, engine, _ = _database(ConnectionResetError())
    assert await database.run(_one) == 1
    assert engine.began == 2
    assert database.up


async def test_after_a_failure_the_next_steps_fail_at_once_and_later_one_tries() -> None:
    database, engine, now = _database(*[ConnectionRefusedError()] * 3)
    with pytest.raises(DatabaseAwayError):
        await database.run(_one)
    assert engine.began == 2
    with pytest.raises(DatabaseAwayError):
        await database.run(_one)
    assert engine.began == 2
    now[0] = 1.1
    with pytest.raises(DatabaseAwayError):
        await database.run(_one)
    assert engine.began == 3
    now[0] = 2.2
    assert await database.run(_one) == 1
    assert await database.run(_one) == 1


async def test_while_one_tries_the_others_do_not_wait() -> None:
    database, engine, now = _database(*[ConnectionRefusedError()] * 2, TimeoutError())
    with pytest.raises(DatabaseAwayError):
        await database.run(_one)
    now[0] = 1.1
    trying = asyncio.create_task(database.run(_one, 5))
    await asyncio.sleep(0)
    with pytest.raises(DatabaseAwayError):
        await database.run(_one)
    engine.gate.set()
    with pytest.raises(DatabaseAwayError):
        await trying
    now[0] = 3.0
    assert await database.run(_one) == 1


async def test_knowledge_is_not_asked_while_the_database_is_away() -> None:
    asked: list[str] = []

    class Store:
        async def search(self, question: str, limit: int = 3) -> list[Passage]:
            asked.append(question)
            return []

    database, _, _ = _database(*[ConnectionRefusedError()] * 2)
    knowledge = KnowledgeWhileUp(Store(), database)
    assert await knowledge.search("之前") == []
    with pytest.raises(DatabaseAwayError):
        await database.run(_one)
    with pytest.raises(DatabaseAwayError):
        await knowledge.search("之後")
    assert asked == ["之前"]


async def test_an_error_of_the_step_is_no_outage() -> None:
    database, _, _ = _database()

    async def wrong(_: Any) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await database.run(wrong)
    assert database.up
    assert await database.run(_one) == 1


async def test_a_hanging_step_ends_at_its_deadline() -> None:
    engine = _Engine([TimeoutError()])
    database = Database(engine)  # type: ignore[arg-type]
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(DatabaseAwayError, match="no answer within"):
        await database.run(_one, 0.05)
    assert loop.time() - began < 1
    assert engine.began == 1
