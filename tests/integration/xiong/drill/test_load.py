"""The messages of a drill over real HTTP: what fails is sent again with its key, what is lost is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from xiong.operations.drill.load import DrillLoad, not_kept, running_load
from xiong.platforms.base import Endpoint
from xiong.tools.clock import SystemClock, wait_for
from xiong.tools.web import Request, Response, WebServer

CLOCK = SystemClock()


@dataclass
class Service:
    """Answers messages and keeps them, as far as it is told to."""

    fails: bool = False
    forgets: bool = False
    kept: dict[str, str] = field(default_factory=dict)
    answered: int = 0

    def answer(self, request: Request) -> Response:
        if request.method == "GET":
            conversation = request.path.split("/")[-2]
            messages = [{"id": self.kept[conversation]}] if conversation in self.kept else []
            return _json({"messages": messages})
        if self.fails:
            return Response(502)
        self.answered += 1
        names = f"c{self.answered}", f"m{self.answered}"
        if not self.forgets:
            self.kept[names[0]] = names[1]
        return _json({"reply": "好", "conversation_id": names[0], "message_id": names[1]})


def _json(document: object) -> Response:
    return Response(200, orjson.dumps(document), "application/json")


@dataclass
class Stage:
    """A service, and the messages that are sent to it."""

    service: Service
    endpoint: Endpoint
    load: DrillLoad = field(default_factory=DrillLoad)

    def running(self, settle_seconds: float = 10):
        return running_load(self.endpoint, "test", 50, CLOCK, settle_seconds=settle_seconds, load=self.load)

    async def until(self, condition: Callable[[], bool]) -> None:
        async def holds() -> bool:
            return condition()

        await wait_for(holds, what="the messages", seconds=30, clock=CLOCK)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    token = tmp_path / "token"
    token.write_text("a token")
    service = Service()
    async with WebServer(service.answer) as server:
        address = f"http://127.0.0.1:{server.port}"
        yield Stage(service, Endpoint(address, address, None, None, token, token))


async def test_messages_that_got_through_and_were_kept_are_not_missed(stage):
    async with stage.running():
        await stage.until(lambda: len(stage.service.kept) >= 5)

    assert not stage.load.unanswered()
    assert all(one.message for one in stage.load.sent)
    assert await not_kept(stage.endpoint, stage.load.sent, 0, CLOCK) == []


async def test_a_message_that_got_no_answer_is_sent_again_until_it_gets_through(stage):
    stage.service.fails = True
    async with stage.running():
        await stage.until(lambda: len(stage.load.unanswered()) >= 3)
        stage.service.fails = False

    assert all(one.message for one in stage.load.sent)
    assert {one.fault for one in stage.load.unanswered()} == {"status 502"}


async def test_a_message_that_never_gets_through_has_no_id(stage):
    stage.service.fails = True
    async with stage.running(settle_seconds=0.1):
        await stage.until(lambda: len(stage.load.unanswered()) >= 3)

    assert [one for one in stage.load.sent if one.message] == []


async def test_a_message_that_was_answered_and_is_not_kept_is_found(stage):
    stage.service.forgets = True
    async with stage.running():
        await stage.until(lambda: stage.service.answered >= 3)

    missed = await not_kept(stage.endpoint, stage.load.sent, 0.3, CLOCK)

    assert missed == stage.load.sent


async def test_a_message_that_is_kept_a_little_later_is_not_missed(stage):
    stage.service.forgets = True
    async with stage.running():
        await stage.until(lambda: stage.service.answered >= 3)

    looking = asyncio.create_task(not_kept(stage.endpoint, stage.load.sent, 30, CLOCK))
    stage.service.kept = {one.conversation: one.message for one in stage.load.sent}

    assert await looking == []


async def test_the_load_flows_once_a_message_is_answered_and_is_stuck_by_one_that_is_not(stage):
    begun = CLOCK.monotonic()
    async with stage.running():
        await stage.until(lambda: stage.load.flowing(begun))
        assert not stage.load.stuck(begun, CLOCK.monotonic())
        stage.service.fails = True
        await stage.until(lambda: stage.load.stuck(begun, CLOCK.monotonic()))
        stage.service.fails = False
