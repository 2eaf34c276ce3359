"""`python -m xiong.platforms.local.supervision.daemon --state DIR [--foreground]`: the supervisor.

One per state folder (a lock sees to it; a second one ends with code 4). SIGTERM and SIGINT stop all
children, last started first, and end it; the wishes stay on disk, so the next supervisor starts them
again. Without `--foreground` a guard stands beside it that starts it again when it is killed; with
it, whoever started it (systemd) does that. Children always outlive a killed supervisor.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from xiong.platforms.local.supervision import control, logs, proc
from xiong.platforms.local.supervision.control import Control
from xiong.platforms.local.supervision.errors import AlreadySupervisedError, StateCorruptError
from xiong.platforms.local.supervision.fleet import Fleet
from xiong.platforms.local.supervision.guarding import GuardPost
from xiong.platforms.local.supervision.journal import Journal

LOG: Final = logging.getLogger("supervisor")
LOCK: Final = "supervisor.lock"
OWN_LOG: Final = "logs/supervisor.log"
_OWN_LOG_BYTES: Final = 4 * 1024 * 1024
_UPKEEP_S: Final = 2.0
_LAST_WORDS_S: Final = 1.0


def lock(folder: Path) -> int:
    """Takes the folder for this process until it ends, and writes down who has it.

    Raises:
        AlreadySupervisedError: another supervisor has it.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 64, 0).decode("ascii", "replace").split()
        os.close(descriptor)
        raise AlreadySupervisedError(
            f"another supervisor (pid {holder[0] if holder else 'unknown'}) serves {folder}"
        ) from error
    own = proc.stat(os.getpid())
    with suppress(OSError):  # a full disk: the guard then cannot see us, all else works
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {own.identity.ticks if own else 0}\n".encode(), 0)
    return descriptor


class Daemon:
    """A supervisor at work in one folder, whose lock the caller holds."""

    def __init__(self, folder: Path, journal: Journal, *, foreground: bool) -> None:
        self._folder = folder
        self._journal = journal
        self._fleet = Fleet(journal)
        self._guard = None if foreground else GuardPost(journal)
        self._ending: asyncio.Task[list[str]] | None = None
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Serves until it is told to end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.end, True, False)
        self._journal.run = True
        self._fleet.resume()
        self._journal.save()
        if self._guard:  # before anybody is answered: who is, may rely on the guard
            self._guard.fill()
        requests = Control(self._fleet, lambda stop: self.end(stop, True))
        server = await asyncio.start_unix_server(
            requests.serve, sock=control.listen(self._folder), limit=control.LINE_LIMIT
        )
        LOG.info("serving %s as %d", self._folder, os.getpid())
        while not self._ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _UPKEEP_S)
            await self._upkeep()
        server.close()
        await requests.finish(_LAST_WORDS_S)
        (self._folder / control.SOCKET).unlink(missing_ok=True)
        LOG.info("ended")

    async def _upkeep(self) -> None:
        if self._journal.problem and not self._journal.save():
            LOG.error("%s", self._journal.problem)
        await self._fleet.rotate_logs()
        if self._guard:
            with suppress(OSError):
                logs.rotate(str(self._folder / OWN_LOG), _OWN_LOG_BYTES)

    def end(self, stop_children: bool, forget_wishes: bool) -> asyncio.Task[list[str]]:
        """Begins the end, once; whoever asks again waits for the same end."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(stop_children, forget_wishes))
        return self._ending

    async def _end(self, stop_children: bool, forget_wishes: bool) -> list[str]:
        LOG.info("asked to end, %s", "stopping everything" if stop_children else "leaving all running")
        self._journal.run = False
        self._journal.save()
        if self._guard:
            await self._guard.dismiss()
        self._fleet.closing = True
        troubles = await self._fleet.close(forget_wishes=forget_wishes) if stop_children else []
        self._journal.save()
        self._ended.set()
        return troubles


def main(arguments: list[str] | None = None) -> int:
    """The command line; a handful of words does not need a parser that takes time to load."""
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) < 2 or words[0] != "--state" or words[2:] not in ([], ["--foreground"]):
        sys.stderr.write("usage: daemon --state DIR [--foreground]\n")
        return 2
    logging.raiseExceptions = False  # a full disk under our own log must not matter
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    os.umask(0o077)
    folder = Path(words[1]).absolute()
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        held = lock(folder)
        journal = Journal(folder)
        journal.load()
    except (AlreadySupervisedError, StateCorruptError) as error:
        LOG.error("%s%s", error.message, f" ({error.hint})" if error.hint else "")
        return int(error.exit_code)
    except OSError as error:
        LOG.error("the state folder cannot be used: %s", error)
        return 1
    if journal.notice:
        LOG.warning("%s", journal.notice)
    asyncio.run(Daemon(folder, journal, foreground=len(words) > 2).run())
    os.close(held)
    return 0


if __name__ == "__main__":
    sys.exit(main())
