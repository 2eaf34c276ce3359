"""The chain and the lookup: whatever breaks, an answer comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from api.hotlines import SAFE_REPLY
from api.knowledge.memory import MemoryKnowledge
from api.replies.breaker import Breaker, State
from api.replies.chain import SAFE, ReplyChain
from api.replies.lookup import Lookup
from api.replies.model import Passage, Reply, Source, Turn
from api.replies.vetting import unknown_numbers
from api.risk.model import Assessment, Level

CALM = Assessment(Level.NONE)
ANSWER = Reply("我在。", Source.OFFLINE)


class Says:
    """A responder that does what the test wants."""

    def __init__(self, outcome: Reply | BaseException) -> None:
        self.outcome = outcome

    async def reply(self, message: str, history: Sequence[Turn], assessment: Assessment) -> Reply:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


class Searches:
    """A knowledge base that does what the test wants, and counts."""

    def __init__(self, outcome: list[Passage] | BaseException | asyncio.Event) -> None:
        self.outcome = outcome
        self.asked = 0
        self.begun = asyncio.Event()

    async def search(self, question: str, limit: int = 3) -> list[Passage]:
        self.asked += 1
        self.begun.set()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        if isinstance(self.outcome, asyncio.Event):
            await self.outcome.wait()
            return []
        return self.outcome


async def test_the_first_answer_is_taken() -> None:
    chain = ReplyChain([Says(ANSWER), Says(RuntimeError())])
    assert await chain.reply("你好", (), CALM) is ANSWER


@pytest.mark.parametrize("broken", [RuntimeError("x"), KeyError("x"), Reply(" ", Source.OFFLINE)])
async def test_a_broken_responder_gives_way_to_the_next(broken: Reply | Exception) -> None:
    assert await ReplyChain([Says(broken), Says(ANSWER)]).reply("你好", (), CALM) is ANSWER


async def test_when_all_fail_the_safe_reply_is_left() -> None:
    reply = await ReplyChain([Says(RuntimeError()), Says(OSError())]).reply("你好", (), CALM)
    assert reply == SAFE == Reply(SAFE_REPLY, Source.SAFE)
    for number in ("1925", "1995", "110", "113"):
        assert number in reply.text
    assert unknown_numbers(reply.text) == []


async def test_cancellation_is_not_swallowed() -> None:
    with pytest.raises(asyncio.CancelledError):
        await ReplyChain([Says(asyncio.CancelledError())]).reply("你好", (), CALM)


async def test_the_model_is_up_unless_its_circuit_is_open() -> None:
    breaker = Breaker(failures=1)
    assert ReplyChain([]).model_up
    chain = ReplyChain([], breaker)
    assert chain.model_up
    assert breaker.allows()
    breaker.failed()
    assert not chain.model_up


def lookup(knowledge: Searches, breaker: Breaker | None = None, timeout: float = 5.0) -> Lookup:
    return Lookup(knowledge, MemoryKnowledge(), breaker or Breaker(), timeout)


async def test_passages_of_the_database_are_used() -> None:
    passage = Passage("x", "x", "x", "", 0.9)
    assert await lookup(Searches([passage])).search("美沙冬") == [passage]


@pytest.mark.parametrize("outcome", [OSError("gone"), RuntimeError("odd"), []])
async def test_memory_answers_when_the_database_is_away_or_empty(outcome: list[Passage] | Exception) -> None:
    found = await lookup(Searches(outcome)).search("美沙冬要喝多久")
    assert found[0].id == "methadone"


async def test_memory_answers_when_the_database_hangs() -> None:
    found = await lookup(Searches(asyncio.Event()), timeout=0.02).search("美沙冬要喝多久")
    assert found[0].id == "methadone"


async def test_a_database_that_is_away_is_left_alone_for_a_while() -> None:
    now = 0.0
    breaker = Breaker(failures=2, pause_s=5.0, clock=lambda: now)
    knowledge = Searches(OSError("gone"))
    steady = lookup(knowledge, breaker)
    for _ in range(5):
        assert await steady.search("美沙冬")
    assert knowledge.asked == 2
    now = 5.0
    knowledge.outcome = []
    await steady.search("美沙冬")
    assert knowledge.asked == 3
    assert breaker.state is State.CLOSED


async def test_a_cancelled_search_is_cancelled_all_the_way() -> None:
    knowledge = Searches(asyncio.Event())
    task = asyncio.ensure_future(lookup(knowledge).search("美沙冬"))
    await knowledge.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
