"""Packets to one port of the loopback are dropped, and only those; nothing of it is left in the kernel."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

from xiong.platforms.local import cutting

# Where we may change what the kernel lets through; elsewhere pytest counts these stories as not run.
HERE = ["tc"] if os.geteuid() == 0 and shutil.which("tc") else []
SOON_S = 0.5


@pytest.fixture
def listeners() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        yield one, other


def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def reached(listener: socket.socket) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port(listener)), SOON_S).close()
    except TimeoutError:
        return False
    return True


def filters() -> str:
    argv = ["tc", "filter", "show", "dev", "lo", "egress"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("program", HERE)
async def test_only_the_port_that_is_cut_off_is_silent(listeners, program: str):
    one, other = listeners
    await cutting.cut_off(port(one))
    try:
        assert not reached(one)
        assert reached(other)
    finally:
        await cutting.reconnect(port(one))

    assert reached(one)
    assert f"pref {port(one)} " not in filters()


@pytest.mark.parametrize("program", HERE)
async def test_an_open_connection_falls_silent_and_goes_on_afterwards(listeners, program: str):
    one, _ = listeners
    client = socket.create_connection(("127.0.0.1", port(one)))
    server, _ = one.accept()
    with client, server:
        server.settimeout(SOON_S)
        await cutting.cut_off(port(one))
        try:
            client.sendall(b"said while nobody hears")
            with pytest.raises(TimeoutError):
                server.recv(1)
        finally:
            await cutting.reconnect(port(one))

        server.settimeout(30)
        assert server.recv(64) == b"said while nobody hears"


@pytest.mark.parametrize("program", HERE)
async def test_what_another_has_cut_off_stays_so(listeners, program: str):
    one, other = listeners
    await cutting.cut_off(port(one))
    await cutting.cut_off(port(other))
    try:
        await cutting.reconnect(port(one))
        await cutting.reconnect(port(one))

        assert reached(one)
        assert not reached(other)
    finally:
        await cutting.reconnect(port(other))


async def test_where_it_cannot_be_done_the_reason_is_said():
    why = await cutting.impossible()

    assert why is None or why.startswith(("it needs", "the kernel does not"))
    assert bool(HERE) or why


async def test_it_says_that_it_needs_the_program(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cutting.os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "")

    assert await cutting.impossible() == "it needs the program tc, which iproute2 brings"
