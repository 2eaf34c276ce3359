"""What the API server carries between us and a pod by WebSocket: a command's input and output, a port.

kr8s has both, but its command takes no input, and its port asks for ever for a pod that is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import httpx
import httpx_ws
import kr8s
import kr8s.asyncio
import orjson

from xiong.errors import PlatformError

_PROTOCOL = "v5.channel.k8s.io"  # the one that knows the end of the input; served since 1.29
_IN, _OUT, _ERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_CHUNK = 64 * 1024
_SECONDS = 300.0
_FAULTS = (httpx.HTTPError, httpx_ws.HTTPXWSException, kr8s.ServerError, OSError)


def parts(path: str) -> tuple[str, str]:
    """A path as kr8s wants it, base and last word; in one it would end with a slash."""
    base, _, url = path.rpartition("/")
    return (base, url) if base else (path, "")


def said(error: BaseException) -> str:
    """What an error says; its name where it says nothing."""
    return str(error) or type(error).__name__


async def execute(
    api: kr8s.asyncio.Api, path: str, container: str, argv: Sequence[str], stdin: bytes
) -> tuple[int, bytes, bytes]:
    """Runs a command in a container of a pod; returns exit code, stdout, stderr.

    Raises:
        PlatformError: it could not be begun, or the connection broke.
    """
    asked = {"container": container, "stdin": "true", "stdout": "true", "stderr": "true"}
    parameters = [*asked.items(), *(("command", word) for word in argv)]
    base, url = parts(path)
    told: dict[int, bytearray] = {_OUT: bytearray(), _ERR: bytearray(), _STATUS: bytearray()}
    try:
        async with (
            asyncio.timeout(_SECONDS),
            api.open_websocket(
                version="", base=base, url=url, params=parameters, subprotocols=(_PROTOCOL,)
            ) as socket,
        ):
            for begin in range(0, len(stdin), _CHUNK):
                await socket.send_bytes(bytes([_IN]) + stdin[begin : begin + _CHUNK])
            await socket.send_bytes(bytes([_CLOSE, _IN]))
            while not told[_STATUS]:
                message = await socket.receive_bytes()
                told.setdefault(message[0], bytearray()).extend(message[1:])
    except (*_FAULTS, TimeoutError) as error:
        raise PlatformError(
            f"{argv[0]} in {path.split('/')[-2]}: {said(error)}", hint="xiong status"
        ) from error
    return _exit_code(bytes(told[_STATUS])), bytes(told[_OUT]), bytes(told[_ERR])


def _exit_code(status: bytes) -> int:
    """As the last message tells it."""
    told = orjson.loads(status)
    if told.get("status") == "Success":
        return 0
    causes = (told.get("details") or {}).get("causes", ())
    code = next((cause["message"] for cause in causes if cause.get("reason") == "ExitCode"), None)
    if code is None:
        raise PlatformError(f"a command in a pod did not begin: {told.get('message', '')}")
    return int(code)


class Forward:
    """Listens on the loopback; each connection there is one to a port of the pod."""

    def __init__(self, api: kr8s.asyncio.Api, path: str, port: int) -> None:
        """Opens nothing yet."""
        self._api = api
        self._path = path
        self._port = port
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    async def opened(self) -> int:
        """Where it listens, from now on."""
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listens no more, and ends the connections that are open."""
        if self._server is not None:
            self._server.close()
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; where the pod does not take it, it is closed, as a port that nobody serves."""
        base, url = parts(self._path)
        task = asyncio.current_task()
        if task is not None:
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)
        try:
            async with self._api.open_websocket(
                version="", base=base, url=url, params={"ports": str(self._port)}
            ) as socket:
                sending = asyncio.create_task(_send(reader, socket))
                try:
                    await _receive(socket, writer)
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
        except _FAULTS:
            pass
        except ExceptionGroup as several:  # of httpx_ws, whose tasks are a group
            _, others = several.split(_FAULTS)
            if others is not None:
                raise
        finally:
            with contextlib.suppress(OSError):
                writer.close()


async def _send(reader: asyncio.StreamReader, socket: httpx_ws.AsyncWebSocketSession) -> None:
    while data := await reader.read(_CHUNK):
        await socket.send_bytes(b"\x00" + data)
    await socket.close()


async def _receive(socket: httpx_ws.AsyncWebSocketSession, writer: asyncio.StreamWriter) -> None:
    """Each channel (even: data, odd: a fault in words) begins with a message that repeats the port."""
    begun: set[int] = set()
    while True:
        message = await socket.receive_bytes()
        channel, data = message[0], message[1:]
        if channel not in begun:
            begun.add(channel)
        elif channel % 2:
            return
        else:
            writer.write(data)
            await writer.drain()
