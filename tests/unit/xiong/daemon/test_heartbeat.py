"""Somebody outside hears from the daemon once a minute; silence there and here is counted."""

import pytest
from pydantic import SecretStr

from healing_stage import Clock
from xiong.daemon.heartbeat import Heartbeat
from xiong.errors import PlatformError
from xiong.tools.sockets import free_port
from xiong.tools.web import Request, Response, WebServer


class Outside:
    """A service that expects to be called."""

    def __init__(self):
        self.called = []
        self.status = 200

    def answer(self, request: Request) -> Response:
        self.called.append((request.method, request.path))
        return Response(self.status)


async def test_it_is_called_once_a_minute():
    outside, clock = Outside(), Clock()
    async with WebServer(outside.answer, 0) as server:
        beat = Heartbeat(SecretStr(f"http://127.0.0.1:{server.port}/ping/me"), clock)
        for _ in range(25):
            await beat.beat(None)
            clock.seconds += 5

    assert outside.called == [("GET", "/ping/me")] * 3


async def test_a_call_that_fails_is_told_without_its_address_and_repeated_in_the_next_cycle():
    outside, clock = Outside(), Clock()
    outside.status = 500
    async with WebServer(outside.answer, 0) as server:
        beat = Heartbeat(SecretStr(f"http://127.0.0.1:{server.port}/secret"), clock)
        with pytest.raises(PlatformError, match="HTTP 500") as caught:
            await beat.beat(None)
        assert "secret" not in caught.value.message
        outside.status = 200
        await beat.beat(None)

    assert len(outside.called) == 2


async def test_nobody_there_is_told_too():
    with pytest.raises(PlatformError, match="no answer"):
        await Heartbeat(SecretStr(f"http://127.0.0.1:{free_port()}"), Clock()).beat(None)


async def test_without_an_address_nobody_is_called():
    await Heartbeat(None, Clock()).beat(None)
