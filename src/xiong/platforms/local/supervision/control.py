"""The supervisor's control socket: one JSON line asks, one JSON line answers.

The socket lies in the state folder and is open to its owner only. It is bound and reached through
/proc/self/fd, because a socket address holds 107 bytes and a folder name may be longer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from xiong.errors import PlatformError
from xiong.platforms.local.supervision import errors, proc
from xiong.platforms.local.supervision.fleet import Fleet
from xiong.platforms.local.supervision.spec import ChildStatus, ProcessSpec

LOG: Final = logging.getLogger("supervisor")
SOCKET: Final = "supervisor.sock"
LINE_LIMIT: Final = 4 * 1024 * 1024
_ASK_WITHIN_S: Final = 10.0
_LONGEST_S: Final = 3600.0


@contextmanager
def address(folder: Path) -> Iterator[str]:
    """A short name of the socket that is good while the context lasts.

    Raises:
        OSError: the folder is not there.
    """
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


def listen(folder: Path) -> socket.socket:
    """The listening socket; only the holder of the folder's lock may call this."""
    with suppress(FileNotFoundError):
        (folder / SOCKET).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.setblocking(False)
    with address(folder) as name:
        listener.bind(name)
        os.chmod(name, 0o600)
    return listener


class Control:
    """Answers requests.

    Attributes:
        fleet: what they are about.
        on_shutdown: called with `stop_children` when a client asks for the end; the answer is sent
            once the returned future is done.
    """

    def __init__(self, fleet: Fleet, on_shutdown: Callable[[bool], asyncio.Future[list[str]]]) -> None:
        self.fleet = fleet
        self.on_shutdown = on_shutdown
        self._open: set[asyncio.Task[Any]] = set()

    async def finish(self, seconds: float) -> None:
        """Lets answers that are under way reach their clients, at the end; who is silent is cut off."""
        if self._open:
            await asyncio.wait(self._open, timeout=seconds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: any number of requests, one after the other. Nothing a client sends ends us."""
        try:
            while True:
                line = await asyncio.wait_for(reader.readline(), _ASK_WITHIN_S)
                if not line:
                    break
                answer = asyncio.create_task(self._reply(line, writer))
                self._open.add(answer)
                answer.add_done_callback(self._open.discard)
                await answer
        except (TimeoutError, OSError, ValueError):
            pass  # silent, gone, or a line beyond the limit
        except asyncio.CancelledError:
            pass  # the daemon ends; asyncio's stream server would report it as an error
        finally:
            writer.close()

    async def _reply(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
        await asyncio.wait_for(writer.drain(), _ASK_WITHIN_S)

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("a request must be a JSON object")
            seconds = _number(request, "timeout") or 0.0
            return {"ok": True, "result": await self._within(seconds, request)}
        except PlatformError as error:
            return {"ok": False, "error": errors.to_wire(error)}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            wrong = errors.RequestError(f"the request cannot be understood: {type(error).__name__}: {error}")
            return {"ok": False, "error": errors.to_wire(wrong)}
        except Exception as error:
            LOG.exception("a request failed")
            return {"ok": False, "error": errors.to_wire(PlatformError(f"the supervisor: {error}"))}

    async def _within(self, seconds: float, request: dict[str, Any]) -> Any:
        """Does the work; past the deadline the client is told, and the work goes on to its end."""
        work = asyncio.ensure_future(self._do(request))
        done, _ = await asyncio.wait({work}, timeout=seconds)
        if done:
            return work.result()
        if request["op"] == "wait":
            work.cancel()
        else:
            work.add_done_callback(_note_late_end)
        raise errors.SupervisorTimeoutError(self._late(request, seconds))

    def _late(self, request: dict[str, Any], seconds: float) -> str:
        name = request.get("name") or request.get("spec", {}).get("name") or ""
        seen = next((status for status in self.fleet.statuses() if status.name == name), None)
        state = f"; it is {seen.state}: {seen.detail}" if seen else ""
        return f"{request['op']} {name}: not done within {seconds:g} s{state}"

    async def _do(self, request: dict[str, Any]) -> Any:
        op = request["op"]
        name = str(request.get("name", ""))
        if op == "ping":
            return _self()
        if op == "list":
            return [asdict(status) for status in self.fleet.statuses()]
        if op == "shutdown":
            return {**_self(), "troubles": await self.on_shutdown(bool(request["stop_children"]))}
        return asdict(await self._about_one(op, name, request))

    async def _about_one(self, op: str, name: str, request: dict[str, Any]) -> ChildStatus:
        match op:
            case "ensure":
                return await self.fleet.ensure(ProcessSpec.from_json(request["spec"]))
            case "wait":
                return await self.fleet.wait_ready(name, _number(request, "deaths_allowed"))
            case "stop":
                grace = _number(request, "grace")
                return await self.fleet.stop(name, grace, forget=bool(request.get("forget")))
            case "restart":
                return await self.fleet.restart(name, _number(request, "grace"))
            case "start":
                return await self.fleet.start(name)
            case "signal":
                return self.fleet.signal(name, int(_number(request, "signal") or 0))
            case "drain":
                return self.fleet.drain(name)
        raise errors.RequestError(f"no operation {op!r}")


def _number(request: dict[str, Any], key: str) -> float | None:
    """A number from a request, None when it is not there.

    Raises:
        ValueError: it is something else, or out of all reason.
    """
    value = request.get(key)
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= _LONGEST_S:
        raise ValueError(f"{key}: expected a number from 0 to {_LONGEST_S:g}")
    return float(value)


def _note_late_end(work: asyncio.Future[Any]) -> None:
    """Takes the result of work whose client has given up, so that nothing is reported as lost."""
    if not work.cancelled() and work.exception() is not None:
        LOG.warning("a request that took too long ended: %s", work.exception())


def _self() -> dict[str, int]:
    own = proc.stat(os.getpid())
    return {"pid": os.getpid(), "ticks": own.identity.ticks if own else 0}
