"""When a process counts as ready, and as whom it runs."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import socket
import sys

import pytest

from supervised import SLEEPER, Place
from xiong.platforms.local.supervision import ChildState, Probe, listeners, probe, proc
from xiong.platforms.local.supervision.errors import ProcessFailedError, SupervisorTimeoutError

NOBODY = 65534


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


SERVER = """
import http.server, json, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"ready": True, "release": sys.argv[1]}).encode()
        self.send_response(200 if self.path == "/ready?full=1" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Answer)
print(server.server_port, "serves", flush=True)
server.serve_forever()
"""


async def _serve(place: Place, release: str) -> int:
    """Starts a server with any port and gives the port."""
    await place.client.ensure(
        place.spec("web", SERVER, argv=(sys.executable, "-S", "-c", SERVER, release, "0"))
    )
    return int((await place.printed("web", "serves")).split()[0])


async def test_a_process_is_ready_when_it_answers_with_its_release(place: Place) -> None:
    port = await _serve(place, "0.1.0-one")
    url = f"http://127.0.0.1:{port}/ready?full=1"
    right = Probe(kind="http", url=url, json_equals={"ready": True, "release": "0.1.0-one"})
    await place.client.ensure(place.spec("api-1", ready=right))
    ready = await place.client.wait_ready("api-1", 5)
    assert ready.url == f"http://127.0.0.1:{port}"
    wrong = Probe(kind="http", url=url, json_equals={"release": "0.1.0-two"})
    await place.client.ensure(place.spec("api-2", ready=wrong, ready_timeout_s=0.05))
    with pytest.raises(SupervisorTimeoutError, match=r"release is '0.1.0-one', expected '0.1.0-two'"):
        await place.client.wait_ready("api-2", 1.0)
    elsewhere = Probe(kind="http", url=f"http://127.0.0.1:{port}/nothing")
    assert await probe.ask(elsewhere, 2) == "answers 404, expected 200"
    assert await probe.ask(Probe(kind="tcp", port=port), 2) is None


async def test_a_process_that_is_late_is_found_ready_all_the_same(place: Place) -> None:
    port = free_port()
    code = f"""
import os, socket, time
while not os.path.exists("go"):
    time.sleep(0.01)
server = socket.create_server(("127.0.0.1", {port}))
{SLEEPER}
"""
    probe_late = Probe(kind="tcp", port=port)
    child = await place.client.ensure(place.spec("api-1", code, ready=probe_late, ready_timeout_s=0.01))
    await place.seen("api-1", lambda status: "not ready after 0.01 s" in status.detail, "late")
    (place.folder / "go").touch()
    ready = await place.client.wait_ready("api-1", 5)
    assert (ready.state, ready.pid) == (ChildState.READY, child.pid)


async def test_a_strangers_server_on_the_port_is_not_taken_for_ours(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ready = Probe(kind="tcp", port=port)
        await place.client.ensure(place.spec("db", ready=ready, ready_timeout_s=0.05))
        with pytest.raises(SupervisorTimeoutError) as caught:
            await place.client.wait_ready("db", 1.0)
        assert f"port {port} is taken by another process (pid {os.getpid()})" in caught.value.message


async def test_a_stranger_whose_session_began_outside_the_container_is_still_seen(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = await place.client.ensure(place.spec("db"))
    assert child.pid is not None
    ours = proc.identify(child.pid)
    assert ours is not None
    real = proc.everything
    monkeypatch.setattr(proc, "everything", lambda: (dataclasses.replace(seen, session=0) for seen in real()))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # A child holds the socket too, since this process is not among "everything".
        stranger = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-c", "input()"),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=[taken.fileno()],
        )
        assert listeners.stranger(taken.getsockname()[1], ours) == stranger.pid
        await stranger.communicate(b"\n")


async def test_a_stranger_that_opens_and_closes_files_all_the_time_is_still_seen(place: Place) -> None:
    child = await place.client.ensure(place.spec("db"))
    assert child.pid is not None
    ours = proc.identify(child.pid)
    assert ours is not None
    busy = """
import os, socket
server = socket.create_server(("127.0.0.1", 0))
listening = os.dup2(server.fileno(), 100)
server.close()
print(socket.socket(fileno=os.dup(listening)).getsockname()[1], flush=True)
while True:
    os.close(os.open(os.devnull, os.O_RDONLY))
"""
    stranger = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", busy), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert stranger.stdout is not None
        port = int(await stranger.stdout.readline())
        seen = {listeners.stranger(port, ours) for _ in range(200)}
    finally:
        stranger.kill()
        await stranger.wait()
    assert seen == {stranger.pid}


async def test_a_server_that_a_child_of_the_process_runs_counts_as_its_own(place: Place) -> None:
    port = free_port()
    server = f"import socket; server = socket.create_server(('127.0.0.1', {port})); {SLEEPER}"
    code = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-S", "-c", {server!r}], start_new_session=True)
{SLEEPER}
"""
    await place.client.ensure(place.spec("db", code, ready=Probe(kind="tcp", port=port)))
    assert (await place.client.wait_ready("db", 5)).state is ChildState.READY


async def test_an_answer_that_is_not_http_is_told(place: Place) -> None:
    code = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], "serves", flush=True)
while True:
    connection, _ = server.accept()
    connection.recv(1000)
    connection.sendall(b"hello")
    connection.close()
"""
    await place.client.ensure(place.spec("odd", code))
    port = int((await place.printed("odd", "serves")).split()[0])
    seen = await probe.ask(Probe(kind="http", url=f"http://127.0.0.1:{port}/"), 2)
    assert seen == "the answer is not HTTP"


async def test_a_process_runs_as_the_user_it_is_given_or_not_at_all(place: Place) -> None:
    """As root the rights are dropped; as anybody else another user's rights cannot be had."""
    argv = ("/bin/sh", "-c", "echo $(id -u) $(id -G) end; exec sleep 100")
    env = {"PATH": os.defpath}
    await place.client.ensure(
        place.spec("db", argv=argv, env=env, user=(NOBODY, NOBODY), cwd="/", max_restarts=0)
    )
    if os.geteuid() == 0:
        assert await place.printed("db", "end") == f"{NOBODY} {NOBODY} end\n"
        await place.client.stop("db")
        assert place.ours() == []
    else:
        with pytest.raises(ProcessFailedError, match="only root can run it as user 65534"):
            await place.client.wait_ready("db", 5)


async def test_a_process_may_be_given_the_user_that_runs_already(place: Place) -> None:
    child = await place.client.ensure(place.spec("db", user=(os.getuid(), os.getgid())))
    assert child.state is ChildState.READY
