"""Keeps one guard beside the supervisor: finds the present one, starts another when it dies.

Used by `daemon`; what the guard itself does stands in `guard`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Final

from xiong.platforms.local.supervision import guard, proc
from xiong.platforms.local.supervision.journal import Journal
from xiong.platforms.local.supervision.proc import Identity

LOG: Final = logging.getLogger("supervisor")
_PAUSE_S: Final = 5.0


class GuardPost:
    """The place of the guard; there is always one in it until `dismiss`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._pidfd: int | None = None
        self._own = False
        self._started = 0.0
        self._dismissed = False

    def fill(self) -> None:
        """Watches the guard that the journal names if it lives, else starts one."""
        present = self._journal.guard
        if present is None or not proc.alive(present):
            present = self._start()
        if present is None:
            self._again_later()
            return
        try:
            self._pidfd = os.pidfd_open(present.pid)
        except OSError:
            self._again_later()
            return
        asyncio.get_running_loop().add_reader(self._pidfd, self._on_end)

    def _start(self) -> Identity | None:
        argv = [sys.executable, "-I", "-S", guard.__file__, "--state", str(self._journal.folder)]
        try:
            pid = os.posix_spawn(sys.executable, argv, os.environ, setsid=True)
        except OSError as error:
            LOG.error("the guard cannot be started: %s", error)
            return None
        self._own, self._started = True, time.monotonic()
        self._journal.guard = proc.identify(pid)
        self._journal.save()
        return self._journal.guard

    def _on_end(self) -> None:
        self._close()
        self._reap()
        self._journal.guard = None
        if self._dismissed:
            return
        LOG.warning("the guard died; another one is started")
        if time.monotonic() - self._started < _PAUSE_S:
            self._again_later()
        else:
            self.fill()

    def _again_later(self) -> None:
        asyncio.get_running_loop().call_later(0.5, self._refill)

    def _refill(self) -> None:
        if not self._dismissed and self._pidfd is None:
            self.fill()

    def _reap(self) -> None:
        identity = self._journal.guard
        if self._own and identity is not None:
            with suppress(ChildProcessError):
                os.waitpid(identity.pid, os.WNOHANG)
        self._own = False

    def _close(self) -> None:
        if self._pidfd is not None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    async def dismiss(self) -> None:
        """Ends the guard, for an orderly shutdown; the journal must already say so."""
        self._dismissed = True
        self._close()
        identity = self._journal.guard
        if identity is not None and proc.send(identity, signal.SIGKILL):
            await proc.gone(identity, 2.0)
        self._reap()
        self._journal.guard = None
