"""What the two recipient processes share: their orders, their notes, their life. See `recipients.py`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any


class Orders:
    """What the test told the server to do, and what the server writes down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = (folder / "secret").read_text().strip()
        self._serial, self._used = 0, 0

    def take(self, *kinds: str) -> dict[str, Any] | None:
        """Returns the present behaviour if it is one of these, and counts it as done."""
        try:
            behaviour: dict[str, Any] = json.loads((self.folder / "behaviour.json").read_text())
        except FileNotFoundError:
            return None
        if behaviour["serial"] != self._serial:
            self._serial, self._used = behaviour["serial"], 0
        times = behaviour["times"]
        if behaviour["kind"] not in kinds or (times is not None and self._used >= times):
            return None
        self._used += 1
        return behaviour

    def note(self, event: str, **details: Any) -> None:
        """Writes down what happened; one write, so that a kill leaves no half a line before a whole one."""
        line = json.dumps({"event": event, "at": time.time(), **details}) + "\n"
        with (self.folder / "events.jsonl").open("ab", buffering=0) as events:
            events.write(line.encode())

    def notes(self, event: str) -> list[dict[str, Any]]:
        """Returns what was written down, also by the lives before this one."""
        path = self.folder / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [note for note in map(json.loads, lines) if note["event"] == event]


async def forever() -> None:
    """Waits until the connection or the process ends."""
    await asyncio.Event().wait()


async def pause(seconds: float) -> None:
    """A server that takes its time."""
    await asyncio.sleep(seconds)


def run(listen: Callable[[Orders, int, str, ssl.SSLContext], Awaitable[None]]) -> None:
    """Runs a server until SIGTERM or the end of standard input: FOLDER PORT SECURITY CERTIFICATE."""
    folder, port, security, certificate = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{certificate}.pem")

    async def live() -> None:
        asyncio.get_running_loop().add_reader(0, _leave)
        orders = Orders(folder)
        await listen(orders, port, security, context)
        orders.note("listening")
        await forever()

    signal.signal(signal.SIGTERM, lambda *_: _leave())
    asyncio.run(live())


def _leave() -> None:
    # no goodbyes: what is open is cut
    os._exit(0)
