"""A state folder with a supervisor in it, and what tests do to both; used by the tests of supervision."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from xiong.platforms.local.supervision import ChildStatus, ProcessSpec, guard, proc
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.fleet import Fleet
from xiong.platforms.local.supervision.journal import Journal
from xiong.platforms.local.supervision.proc import Identity
from xiong.platforms.local.supervision.starting import start_daemon
from xiong.tools.clock import SystemClock, wait_for

T = TypeVar("T")

SLEEPER = "import signal; signal.pause()"


async def until(condition: Callable[[], Awaitable[T | None]], what: str, seconds: float = 10.0) -> T:
    """The first true answer of `condition`."""
    return await wait_for(condition, what=what, seconds=seconds, clock=SystemClock(), every=0.01)


def _words(pid: int) -> list[bytes]:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return []


def _working_folder(pid: int) -> str:
    """Where a process works."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


async def _end(find: Callable[[], list[Identity]]) -> None:
    """Kills what is found until nothing is; stopped first, none of it can start another meanwhile."""
    while found := find():
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for identity in found:
                proc.send(identity, number)
        for identity in found:
            await proc.gone(identity, 5.0)


@dataclass(frozen=True)
class Place:
    """A state folder and what a test does with it."""

    folder: Path

    @property
    def client(self) -> SupervisorClient:
        return SupervisorClient(self.folder)

    async def start(self) -> int:
        """Starts a supervisor, detached and guarded, and gives its pid."""
        return await start_daemon(self.folder, 20.0)

    def spec(self, name: str, code: str = SLEEPER, **fields: Any) -> ProcessSpec:
        """A small Python program as a process."""
        plain = ProcessSpec(
            name=name,
            service=name.split("-")[0],
            argv=(sys.executable, "-S", "-c", code),
            log_path=str(self.folder / "logs" / f"{name}.log"),
            cwd=str(self.folder),
            env={"LANG": "C.UTF-8"},
        )
        return replace(plain, **fields)

    def log(self, name: str) -> str:
        """What a process has printed."""
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    async def printed(self, name: str, words: str) -> str:
        """Waits until a process has printed some words; gives all it printed."""

        async def look() -> str | None:
            return self.log(name) if words in self.log(name) else None

        return await until(look, f"{words!r} in the log of {name}")

    async def status(self, name: str) -> ChildStatus:
        return next(status for status in await self.client.list() if status.name == name)

    async def seen(self, name: str, check: Callable[[ChildStatus], bool], what: str) -> ChildStatus:
        """Waits until a status passes `check`."""

        async def look() -> ChildStatus | None:
            status = await self.status(name)
            return status if check(status) else None

        return await until(look, f"{name}: {what}")

    async def replaced(self, name: str, old: int) -> ChildStatus:
        """Waits until the process runs under another pid than `old`."""
        return await self.seen(name, lambda status: status.pid not in (None, old), "another pid")

    def state(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "supervisor.json").read_text()))

    def write_state(self, document: dict[str, Any]) -> None:
        (self.folder / "supervisor.json").write_text(json.dumps(document))

    def guard(self) -> Identity | None:
        """The guard that the state file names, if it lives."""
        noted = self.state()["guard"]
        identity = Identity(**noted) if noted else None
        return identity if identity and proc.alive(identity) else None

    def serving(self) -> Identity | None:
        """The supervisor that holds the folder, if it lives."""
        try:
            pid, ticks = (self.folder / "supervisor.lock").read_text().split()
        except (OSError, ValueError):
            return None
        identity = Identity(int(pid), int(ticks))
        return identity if proc.alive(identity) else None

    async def kill_supervision(self) -> None:
        """Kills supervisor and guard; stopped first, neither can bring the other back."""
        script = [os.fsencode(guard.__file__), b"--state", os.fsencode(self.folder)]
        serving = self.serving()
        if serving is not None:
            proc.send(serving, signal.SIGSTOP)
        guards = [found.identity for found in proc.everything() if _words(found.identity.pid)[-3:] == script]
        for identity in (*guards, serving):
            if identity is not None:
                proc.send(identity, signal.SIGKILL)
                assert await proc.gone(identity, 5.0)

    def ours(self) -> list[Identity]:
        """All live processes that carry a tag of this folder or, when they wiped it, work in this folder."""
        prefix = Fleet(Journal(self.folder)).tag_prefix
        home = os.path.realpath(self.folder)
        return [
            found.identity
            for found in proc.everything()
            if (proc.tag(found.identity.pid) or "").startswith(prefix)
            or _working_folder(found.identity.pid) == home
        ]

    async def clear(self) -> None:
        """Ends everything that this folder has started, also what is only just being born."""
        name = os.fsencode(self.folder)
        await _end(lambda: [f.identity for f in proc.everything() if name in _words(f.identity.pid)])
        await _end(self.ours)
