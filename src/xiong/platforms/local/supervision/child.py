"""One supervised process: started, watched through a pidfd, restarted, stopped.

Everything from a death to the next start happens in one callback, without a task switch or a write
to disk in between: that is what makes the restart quick. Used by `fleet` only.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from xiong.platforms.local.supervision import endings, logs, probe, proc
from xiong.platforms.local.supervision.errors import ProcessFailedError, SupervisorTimeoutError
from xiong.platforms.local.supervision.journal import Record
from xiong.platforms.local.supervision.launch import launch
from xiong.platforms.local.supervision.proc import Identity
from xiong.platforms.local.supervision.spec import ChildState, ChildStatus, ProcessSpec, url_of

LOG: Final = logging.getLogger("supervisor")
KILL_WAIT_S: Final = 5.0


class Child:
    """A process and what is done about it.

    Attributes:
        record: what the journal holds of it.
        state: where it stands.
        lock: held by whoever stops or starts it on request; deaths are handled without it.
        deaths: how often it has died, or could not be started, since it was last asked for.
    """

    def __init__(self, record: Record, tag: str, save: Callable[[], bool]) -> None:
        self.record = record
        self.state = ChildState.STOPPED
        self.lock = asyncio.Lock()
        self.deaths = 0
        self._tag = tag
        self._save = save
        self._since = time.time()
        self._how = record.failed or ""
        self._tail = ""
        self._shown = ""
        self._born = 0.0
        self._popen: subprocess.Popen[bytes] | None = None
        self._pidfd: int | None = None
        self._gone = asyncio.Event()
        self._gone.set()
        self._changed = asyncio.Event()
        self._probing: asyncio.Task[None] | None = None
        self._delayed: asyncio.TimerHandle | None = None

    @property
    def spec(self) -> ProcessSpec:
        return self.record.spec

    @property
    def running(self) -> bool:
        return self.record.identity is not None

    def status(self, problem: str | None) -> ChildStatus:
        """What a client is told; `problem` is the supervisor's own, e.g. a full disk."""
        identity, spec = self.record.identity, self.spec
        if self._tail and not self._shown:
            self._shown = logs.without_personal_data(self._tail)
        words = [self._how, self._shown, problem or ""]
        return ChildStatus(
            name=spec.name,
            service=spec.service,
            state=self.state,
            pid=identity.pid if identity else None,
            create_time=proc.create_time(identity.ticks) if identity else None,
            restarts=self.record.total,
            release_id=spec.release_id,
            labels=dict(spec.labels),
            since=self._since,
            detail="\n".join(word for word in words if word),
            url=url_of(spec),
        )

    def enter(self, state: ChildState, how: str | None = None) -> None:
        """Moves to a state and wakes those who wait for one."""
        if state is not self.state:
            self.state, self._since = state, time.time()
        if how is not None:
            self._how = how
        if state in (ChildState.READY, ChildState.STOPPING):
            self._quote("")
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _quote(self, tail: str) -> None:
        """Notes the last words of the log; they are made fit to show only when somebody looks."""
        self._tail, self._shown = tail, ""

    async def change(self) -> None:
        """Returns after the next change of state."""
        await self._changed.wait()

    # --- starting

    async def clear(self) -> None:
        """Kills what is left of an earlier run and waits until it is gone, its ports free."""
        self._cancel_delayed()
        for left in proc.sweep(self._tag, None):
            await proc.gone(left, KILL_WAIT_S)

    def start(self) -> None:
        """Starts the process unless it runs; nothing may be left of an earlier run."""
        self._cancel_delayed()
        if self.running:
            return
        try:
            popen, remark = launch(self.spec, self._tag)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._after_death(f"cannot be started: {error}", 1, at_once=False)
            return
        self._popen = popen
        # The pid cannot be reused before it is reaped here, so its stat is there even if it died.
        found = proc.stat(popen.pid)
        self._watch(found.identity if found else Identity(popen.pid, 0))
        self._save()
        LOG.info("%s: started as %d %s", self.spec.name, popen.pid, remark)
        self.enter(ChildState.STARTING, remark or self._how)
        self._begin_probing()

    def adopt(self, identity: Identity) -> None:
        """Takes over a process that an earlier supervisor started."""
        LOG.info("%s: adopted as %d", self.spec.name, identity.pid)
        try:
            self._watch(identity)
        except ProcessLookupError:
            self.died_unseen()
            return
        self.enter(ChildState.DRAINING if self.record.draining else ChildState.STARTING, "")
        if not self.record.draining:
            self._begin_probing()

    def died_unseen(self) -> None:
        """Handles a death that happened while no supervisor was there."""
        self.record.identity = None
        proc.sweep(self._tag, None)
        self._after_death("ended while no supervisor was running", None)

    def _watch(self, identity: Identity) -> None:
        pidfd = os.pidfd_open(identity.pid)
        if self._popen is None and not proc.alive(identity):
            os.close(pidfd)
            raise ProcessLookupError(identity.pid)
        self._pidfd = pidfd
        self._gone = asyncio.Event()
        self._born = time.monotonic()
        self.record.identity = identity
        asyncio.get_running_loop().add_reader(self._pidfd, self._on_end)

    # --- readiness

    def _begin_probing(self) -> None:
        if self.spec.ready.kind == "none":
            self.enter(ChildState.READY)
        else:
            self._probing = asyncio.create_task(self._probe(self._gone), name=f"probe {self.spec.name}")

    async def _probe(self, gone: asyncio.Event) -> None:
        """Asks until the process is ready or gone; slower once it is late."""
        pause = 0.02
        while not gone.is_set():
            seen = await probe.ask(self.spec.ready, 2.0, self.record.identity)
            if gone.is_set() or self.state is not ChildState.STARTING:
                return
            if seen is None:
                self.enter(ChildState.READY)
                return
            late = time.monotonic() - self._born > self.spec.ready_timeout_s
            if late:
                self.enter(ChildState.STARTING, f"not ready after {self.spec.ready_timeout_s:g} s: {seen}")
            pause = 1.0 if late else min(pause * 1.5, 0.25)
            with suppress(TimeoutError):
                await asyncio.wait_for(gone.wait(), pause)

    # --- death

    def _on_end(self) -> None:
        """The pidfd became readable: the process has ended."""
        identity = self.record.identity
        self._forget_pidfd()
        # Before reaping, so that the pid cannot belong to anybody else yet.
        proc.sweep(self._tag, identity)
        code = self._reap()
        how = endings.describe(code, time.monotonic() - self._born)
        self.record.identity = None
        self._gone.set()
        LOG.info("%s: %s", self.spec.name, how)
        if self.state is not ChildState.STOPPING:
            self._after_death(how, code)

    def _reap(self) -> int | None:
        """Its exit code; None when it is another's child."""
        popen, self._popen = self._popen, None
        return popen.poll() if popen is not None else None

    def _forget_pidfd(self) -> None:
        if self._pidfd is not None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def _after_death(self, how: str, code: int | None, *, at_once: bool = True) -> None:
        """Restarts at once, later or never, as the spec says."""
        self._quote(logs.tail(self.spec.log_path))
        self.deaths += 1
        record, now = self.record, time.time()
        record.draining = False
        if self.spec.restart == "never":
            self._end(how, code)
            return
        recent = endings.recent(record.history, now, self.spec.within_s)
        delay = endings.pause(len(recent), self.spec.max_restarts)
        if delay is None:
            self._give_up(f"{how}; restarted {len(recent)} times within {self.spec.within_s:g} s before that")
            return
        record.history = [*recent, now]
        record.total += 1
        if at_once and delay == 0:
            self._how = how
            self.start()
            return
        self.enter(ChildState.BACKOFF, how)
        self._delayed = asyncio.get_running_loop().call_later(delay, self.start)
        self._save()

    def _end(self, how: str, code: int | None) -> None:
        """A process that is not restarted has ended."""
        self.record.wanted = False
        if code:
            self._give_up(how)
        else:
            self.enter(ChildState.STOPPED, how)
            self._save()

    def _give_up(self, how: str) -> None:
        LOG.error("%s: failed: %s", self.spec.name, how)
        self.enter(ChildState.FAILED, how)
        self.record.failed = self.status(None).detail
        self._save()

    # --- stopping

    async def halt(self, grace: float | None = None) -> None:
        """Asks the process to end, kills it after the grace, and kills what it leaves behind.

        Raises:
            SupervisorTimeoutError: it outlives even SIGKILL (stuck in the kernel).
        """
        self._cancel_delayed()
        identity = self.record.identity
        self.enter(ChildState.STOPPING, "")
        if identity is not None:
            seconds = self.spec.stop_grace_s if grace is None else grace
            proc.send(identity, self.spec.stop_signal)
            if not await self._ended_within(seconds):
                LOG.warning("%s: did not end within %g s, is killed", self.spec.name, seconds)
                self._how = f"did not end within {seconds:g} s and was killed"
                proc.send(identity, signal.SIGKILL)
                if not await self._ended_within(KILL_WAIT_S):
                    raise SupervisorTimeoutError(
                        f"{self.spec.name} (pid {identity.pid}) outlives SIGKILL",
                        hint=f"cat /proc/{identity.pid}/stack",
                    )
        await self.clear()
        self.enter(ChildState.STOPPED)

    async def _ended_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), max(seconds, 0.0))
        return self._gone.is_set()

    def signal(self, number: int) -> None:
        """Sends a signal to the main process.

        Raises:
            ProcessFailedError: it does not run.
        """
        identity = self.record.identity
        if identity is None or not proc.send(identity, number):
            raise ProcessFailedError(f"{self.spec.name} does not run ({self.state}): nothing to signal")

    def _cancel_delayed(self) -> None:
        if self._delayed is not None:
            self._delayed.cancel()
            self._delayed = None
