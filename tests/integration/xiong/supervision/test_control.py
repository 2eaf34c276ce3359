"""What may come over the control socket, and what a client is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

import pytest

from supervised import Place
from xiong.errors import ExitCode, PlatformError
from xiong.platforms.local.supervision import ChildState, Probe, control, proc
from xiong.platforms.local.supervision.errors import (
    RequestError,
    SupervisorNotRunningError,
    SupervisorTimeoutError,
    UnknownProcessError,
)

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


async def _send(place: Place, content: bytes) -> bytes:
    with control.address(place.folder) as name:
        reader, writer = await asyncio.open_unix_connection(name)
    try:
        writer.write(content)
        writer.write_eof()
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "content",
    [
        b"\0\xff\xfe garbage\n",
        b"{\n",
        b"[]\n",
        b"null\n",
        b'"text"\n',
        b"{}\n",
        b'{"op": null}\n',
        b'{"op": ["list"]}\n',
        b'{"op": "explode"}\n',
        b'{"op": "list", "timeout": "soon"}\n',
        b'{"op": "list", "timeout": [1]}\n',
        b'{"op": "ensure"}\n',
        b'{"op": "ensure", "spec": 7}\n',
        b'{"op": "ensure", "spec": {"name": "../../etc"}}\n',
        b'{"op": "ensure", "spec": {"name": "a", "service": "a", "argv": "x", "log_path": 7}}\n',
        b'{"op": "signal", "name": "api-1", "signal": "loud"}\n',
        b'{"op": "signal", "name": "api-1", "signal": 9999}\n',
        b'{"op": "wait", "name": "api-1", "deaths_allowed": "x", "timeout": 0.1}\n',
        b'{"op": "stop", "name": "api-1", "grace": "long", "timeout": 0.1}\n',
        b"[" * 100_000 + b"\n",
    ],
)
async def test_nonsense_is_refused_and_harms_nothing(place: Place, content: bytes) -> None:
    serving = place.serving()
    child = await place.client.ensure(place.spec("api-1", ready=Probe(kind="tcp", port=1)))
    answer = json.loads(await _send(place, content))
    assert answer["ok"] is False
    assert answer["error"]["message"]
    after = await place.status("api-1")
    assert (after.pid, after.state) == (child.pid, ChildState.STARTING)
    assert place.serving() == serving


@pytest.mark.parametrize("content", [b"", b"no end of line", b"x" * (control.LINE_LIMIT + 1000), b"\n" * 3])
async def test_a_broken_line_harms_nothing(place: Place, content: bytes) -> None:
    await _send(place, content)
    assert await place.client.ping() == (place.serving() or proc.Identity(0, 0)).pid


async def test_several_requests_may_go_over_one_connection(place: Place) -> None:
    answers = (await _send(place, b'{"op": "ping"}\n{"op": "list"}\n')).splitlines()
    assert [json.loads(answer)["ok"] for answer in answers] == [True, True]


async def test_without_a_supervisor_the_error_says_what_to_type(empty_place: Place) -> None:
    with pytest.raises(SupervisorNotRunningError) as caught:
        await empty_place.client.list()
    assert caught.value.hint == "xiong up"
    assert str(empty_place.folder) in caught.value.message
    assert isinstance(caught.value, PlatformError)


async def test_an_unknown_name_is_told_with_the_known_ones(place: Place) -> None:
    await place.client.ensure(place.spec("api-1"))
    with pytest.raises(UnknownProcessError, match=r"'api-9'.*known: api-1"):
        await place.client.restart("api-9")


async def test_a_wait_ends_at_its_deadline_and_tells_what_was_seen(place: Place) -> None:
    await place.client.ensure(
        place.spec("api-1", ready=Probe(kind="tcp", port=1), ready_timeout_s=0.05, restart="never")
    )
    with pytest.raises(SupervisorTimeoutError) as caught:
        await place.client.wait_ready("api-1", 1.0)
    assert caught.value.exit_code is ExitCode.DEADLINE
    assert "it is starting: not ready after 0.05 s: " in caught.value.message


async def test_a_stop_that_takes_longer_than_its_deadline_goes_on(place: Place) -> None:
    await place.client.ensure(place.spec("api-1", DEAF, stop_grace_s=0.6))
    await place.printed("api-1", "up")
    with pytest.raises(SupervisorTimeoutError):
        await place.client.stop("api-1", timeout=0.1)
    await place.seen("api-1", lambda status: status.state is ChildState.STOPPED, "stopped")


async def test_a_hanging_supervisor_is_given_up_at_the_deadline(place: Place) -> None:
    serving = place.serving()
    assert serving is not None
    proc.send(serving, signal.SIGSTOP)
    try:
        with pytest.raises(SupervisorTimeoutError):
            await place.client.ping(0.1)
    finally:
        proc.send(serving, signal.SIGCONT)
    await place.client.ping()


async def test_questions_may_be_asked_side_by_side(place: Place) -> None:
    specs = [place.spec(f"api-{number}") for number in range(5)]
    started = await asyncio.gather(*(place.client.ensure(spec) for spec in specs))
    ready = await asyncio.gather(*(place.client.wait_ready(spec.name, 10) for spec in specs))
    assert {status.pid for status in started} == {status.pid for status in ready}
    assert len({status.pid for status in ready}) == 5


async def test_the_same_thing_asked_for_at_once_starts_one_process(place: Place) -> None:
    spec = place.spec("api-1")
    answers = await asyncio.gather(*(place.client.ensure(spec) for _ in range(5)))
    assert len({status.pid for status in answers}) == 1


async def test_nothing_is_started_during_the_shutdown(place: Place) -> None:
    serving = place.serving()
    assert serving is not None
    await place.client.ensure(place.spec("api-1", DEAF, stop_grace_s=1.0))
    await place.printed("api-1", "up")
    os.kill(serving.pid, signal.SIGTERM)

    async def ask() -> Any:
        with pytest.raises((RequestError, SupervisorNotRunningError)):
            await place.client.ensure(place.spec("api-2"))

    await place.seen("api-1", lambda status: status.state is ChildState.STOPPING, "stopping")
    await ask()
    assert await proc.gone(serving, 10)
    assert place.ours() == []
