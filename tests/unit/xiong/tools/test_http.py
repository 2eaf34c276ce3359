"""Why there was no answer is told apart, and a scrape can be cut down to what is wanted."""

import asyncio

import pytest

from xiong.tools.http import Answer, Http, Silence
from xiong.tools.sockets import free_port
from xiong.tools.web import METRICS, Response, WebServer

TEXT = b"""# HELP model_requests_total asked
# TYPE model_requests_total counter
model_requests_total{outcome="ok"} 3.0
# HELP other_seconds slow
# TYPE other_seconds gauge
other_seconds 2.5
"""


async def asked(port: int, timeout: float = 5) -> Answer | Silence:
    async with Http(f"http://127.0.0.1:{port}", timeout_seconds=timeout) as http:
        return await http.ask("GET", "/")


@pytest.fixture
async def served():
    """A port whose connections are handled by the given function."""
    servers = []

    async def serve(handle) -> int:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return server.sockets[0].getsockname()[1]

    yield serve
    for server in servers:
        server.close()


async def test_where_nobody_listens_it_is_refused():
    assert await asked(free_port()) is Silence.REFUSED


async def test_whoever_takes_the_connection_and_says_nothing_takes_too_long(served):
    forever = asyncio.Event()

    async def silent(_, writer) -> None:
        await forever.wait()
        writer.close()

    assert await asked(await served(silent), timeout=0.2) is Silence.TIMED_OUT
    forever.set()


async def test_whoever_hangs_up_breaks_off(served):
    async def rude(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    assert await asked(await served(rude)) is Silence.BROKEN


async def test_an_answer_of_any_status_is_an_answer():
    async with WebServer(lambda _: Response(503, b"no")) as server:
        answer = await asked(server.port)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (503, b"no")


async def test_of_a_scrape_only_the_names_that_are_wanted_are_read():
    async with (
        WebServer(lambda _: Response(200, TEXT, METRICS)) as server,
        Http(f"http://127.0.0.1:{server.port}", timeout_seconds=5) as http,
    ):
        every, some = await http.samples(), await http.samples(only=("model_",))

    wanted = {("model_requests_total", (("outcome", "ok"),)): 3.0}
    assert some == wanted
    assert every == {**wanted, ("other_seconds", ()): 2.5}
