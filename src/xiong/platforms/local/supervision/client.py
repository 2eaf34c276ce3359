"""How the local platform talks to its supervisor: one method for each thing it can be asked.

Each call opens its own connection, so calls may run side by side, and a supervisor that its guard
has just started again is simply found.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from xiong.errors import DeadlineError
from xiong.platforms.local.supervision import control, errors, proc
from xiong.platforms.local.supervision.journal import FILE
from xiong.platforms.local.supervision.proc import Identity
from xiong.platforms.local.supervision.spec import ChildStatus, ProcessSpec
from xiong.tools.clock import SystemClock, wait_for

_HINT: Final = "xiong up"
_COMEBACK_S: Final = 5.0
_MARGIN_S: Final = 2.0


class SupervisorClient:
    """Asks the supervisor of one state folder."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = Path(state_dir)

    async def __aenter__(self) -> Self:
        """Checks that the supervisor answers.

        Raises:
            SupervisorNotRunningError: it does not.
        """
        await self.ping()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held open between calls."""

    async def ping(self, timeout: float = 5.0, *, patient: bool = True) -> int:
        """The supervisor's pid; unless `patient`, one that is just coming back counts as absent."""
        return int((await self._call("ping", timeout, patient=patient))["pid"])

    async def ensure(self, spec: ProcessSpec, timeout: float = 60.0) -> ChildStatus:
        """Makes a process run as `spec` says; does not wait until it is ready.

        Starts it when it is absent, stopped or failed (its past deaths are forgotten); restarts it
        when what would be executed differs, or when it is draining; else leaves it alone.
        """
        return _status(await self._call("ensure", timeout, spec=spec.to_json()))

    async def wait_ready(
        self, name: str, timeout: float, *, deaths_allowed: int | None = None
    ) -> ChildStatus:
        """Waits until a process is ready.

        Args:
            name: of the process.
            timeout: seconds.
            deaths_allowed: how often it may die on the way; None leaves that to its restart limits.

        Raises:
            ProcessFailedError: it failed, was stopped, or died too often; the last log lines are told.
            SupervisorTimeoutError: it is still not ready; what its probe saw is told.
        """
        return _status(await self._call("wait", timeout, name=name, deaths_allowed=deaths_allowed))

    async def stop(
        self, name: str, *, forget: bool = False, grace: float | None = None, timeout: float = 90.0
    ) -> ChildStatus:
        """Stops a process; `forget` also drops it from the list. `grace` None is the spec's own."""
        return _status(await self._call("stop", timeout, name=name, forget=forget, grace=grace))

    async def restart(self, name: str, timeout: float = 90.0, *, grace: float | None = None) -> ChildStatus:
        """Stops a process gracefully and starts it again; does not wait until it is ready."""
        return _status(await self._call("restart", timeout, again=False, name=name, grace=grace))

    async def start(self, name: str, timeout: float = 30.0) -> ChildStatus:
        """Starts a process that does not run, its past deaths forgotten; one that runs is left alone."""
        return _status(await self._call("start", timeout, name=name))

    async def signal(self, name: str, number: int, timeout: float = 5.0) -> ChildStatus:
        """Sends a signal to the main process of that name."""
        return _status(await self._call("signal", timeout, again=False, name=name, signal=int(number)))

    async def set_state_draining(self, name: str, timeout: float = 5.0) -> ChildStatus:
        """Notes that the process is being drained; it stays noted until it is started anew."""
        return _status(await self._call("drain", timeout, name=name))

    async def list(self, timeout: float = 10.0) -> list[ChildStatus]:
        """All processes, in the order in which they were first asked for."""
        return [_status(entry) for entry in await self._call("list", timeout)]

    async def shutdown(self, *, stop_children: bool, timeout: float = 180.0) -> None:
        """Ends supervisor and guard, and returns when they are gone.

        Args:
            stop_children: stop all processes too, and start none at the next start; else they run
                on and the next supervisor adopts them.
            timeout: seconds.

        Raises:
            PlatformError: a process could not be stopped.
        """
        end = time.monotonic() + timeout
        answer = await self._call("shutdown", timeout, again=False, stop_children=stop_children)
        served_by = Identity(int(answer["pid"]), int(answer["ticks"]))
        if not await proc.gone(served_by, max(end - time.monotonic(), 1.0)):
            raise errors.SupervisorTimeoutError(f"the supervisor (pid {served_by.pid}) does not end")
        if answer["troubles"]:
            raise errors.ProcessFailedError("; ".join(answer["troubles"]))

    async def _call(
        self, op: str, timeout: float, *, again: bool = True, patient: bool = True, **fields: Any
    ) -> Any:
        """One question and its answer.

        Args:
            op: what is asked.
            timeout: seconds.
            again: ask anew when the supervisor is killed meanwhile.
            patient: wait for a supervisor that should be there and is not yet.
            fields: what else the question says.
        """
        end = time.monotonic() + timeout
        while True:
            left = max(end - time.monotonic(), 0.0)
            request = json.dumps({"op": op, "timeout": left, **fields}).encode() + b"\n"
            try:
                async with asyncio.timeout(left + _MARGIN_S):
                    answer = await self._exchange(request, min(left, _COMEBACK_S) * patient)
            except TimeoutError as error:
                raise errors.SupervisorTimeoutError(
                    f"{op}: the supervisor gave no answer within {timeout:g} s"
                ) from error
            if answer:
                return _result(answer)
            if not again or time.monotonic() >= end:
                raise errors.SupervisorNotRunningError(f"the supervisor went away during {op}", hint=_HINT)

    async def _exchange(self, request: bytes, comeback: float) -> bytes:
        """Sends a line and returns the line that comes back, empty when the connection broke."""
        reader, writer = await self._connect(comeback)
        try:
            writer.write(request)
            await writer.drain()
            line = await reader.readline()
            return line if line.endswith(b"\n") else b""
        except OSError:
            return b""
        finally:
            writer.close()

    async def _connect(self, comeback: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connects; where a guard is bringing the supervisor back, waits for that a little."""
        try:
            return await wait_for(
                self._try_to_connect,
                what="the supervisor",
                seconds=comeback if self._should_run() else 0.0,
                clock=SystemClock(),
                every=0.02,
            )
        except DeadlineError as error:
            raise errors.SupervisorNotRunningError(
                f"no supervisor serves {self.state_dir}", hint=_HINT
            ) from error

    async def _try_to_connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            with control.address(self.state_dir) as name:
                return await asyncio.open_unix_connection(name, limit=control.LINE_LIMIT)
        except OSError:
            return None

    def _should_run(self) -> bool:
        try:
            return bool(json.loads((self.state_dir / FILE).read_bytes())["run"])
        except (OSError, ValueError, KeyError, TypeError):
            return False


def _result(answer: bytes) -> Any:
    document = json.loads(answer)
    if document["ok"]:
        return document["result"]
    raise errors.from_wire(document["error"])


def _status(document: dict[str, Any]) -> ChildStatus:
    return ChildStatus.from_json(document)
