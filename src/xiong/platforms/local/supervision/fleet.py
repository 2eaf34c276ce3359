"""All supervised processes of one state folder: the operations that clients ask for, adoption, shutdown.

Used by `control`, which carries requests here, and by `daemon`, which begins and ends it.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import os
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final

from xiong.platforms.local.supervision import logs, proc
from xiong.platforms.local.supervision.child import Child
from xiong.platforms.local.supervision.errors import (
    ProcessFailedError,
    RequestError,
    SupervisorTimeoutError,
    UnknownProcessError,
)
from xiong.platforms.local.supervision.journal import Journal, Record
from xiong.platforms.local.supervision.spec import ChildState, ChildStatus, ProcessSpec

LOG: Final = logging.getLogger("supervisor")
_RESTED: Final = (ChildState.READY, ChildState.STARTING)


class Fleet:
    """The processes of one state folder.

    Attributes:
        journal: what is on disk.
        closing: whether the end has begun, so that nothing is started any more.
        tag_prefix: what the tags of all its processes begin with.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.closing = False
        digest = hashlib.sha256(os.fsencode(os.path.realpath(journal.folder))).hexdigest()[:16]
        self.tag_prefix = f"{digest}/"
        self._children = {name: self._child(record) for name, record in journal.records.items()}
        self._tasks: set[asyncio.Task[None]] = set()

    def _child(self, record: Record) -> Child:
        return Child(record, self.tag_prefix + record.spec.name, self.journal.save)

    def _find(self, name: str) -> Child:
        child = self._children.get(name)
        if child is None:
            known = ", ".join(sorted(self._children)) or "none"
            raise UnknownProcessError(f"no process {name!r} is supervised here; known: {known}")
        return child

    def _in_order(self) -> list[Child]:
        return sorted(self._children.values(), key=lambda child: child.record.order)

    # --- beginning

    def resume(self) -> None:
        """Makes true what the journal says: adopts what runs, starts what should."""
        missing = []
        for child in self._in_order():
            record = child.record
            if self._readopt(child):
                if not record.wanted:
                    self._background(self._stop(child, None))
            elif record.failed is not None:
                child.enter(ChildState.FAILED, record.failed)
            elif record.wanted:
                missing.append(child)
        if self.journal.fresh_boot or not any(child.running for child in self._in_order()):
            self._background(self._start_in_turn(missing))
        else:
            for child in missing:
                child.died_unseen()
        self.journal.fresh_boot = False

    def _readopt(self, child: Child) -> bool:
        """Finds the running process of a record: the one noted, or one started just before a crash."""
        identity = child.record.identity
        if identity is not None:
            # Ours lead a session; the check costs nothing and guards against a damaged file.
            found = proc.stat(identity.pid)
            if found is None or not proc.alive(identity) or found.session != identity.pid:
                identity = None
        if identity is None:
            others = [record.identity for record in self.journal.records.values() if record.identity]
            tag = self.tag_prefix + child.spec.name
            identity = proc.leader_of(tag, child.spec.log_path, others)
        if identity is None:
            return False
        child.adopt(identity)
        return True

    async def _start_in_turn(self, children: list[Child]) -> None:
        """Starts everything from nothing: each service waits until the one before it is ready."""
        for child in children:
            child.record.identity = None
            child.enter(ChildState.STARTING, "waits for what is started before it")
        for _, group in itertools.groupby(children, key=lambda child: child.spec.service):
            batch = list(group)
            await asyncio.gather(*(child.clear() for child in batch if not child.running))
            for child in batch:
                if child.record.wanted and not child.running and not self.closing:
                    child.enter(ChildState.STARTING, "")
                    child.start()
            await asyncio.gather(*(self._settled(child) for child in batch))

    async def _settled(self, child: Child) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(child.spec.ready_timeout_s):
                while child.state in (ChildState.STARTING, ChildState.BACKOFF):
                    await child.change()

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- operations

    async def ensure(self, spec: ProcessSpec) -> ChildStatus:
        """Makes a process run as `spec` says; changes nothing when it does and is not draining."""
        if self.closing:
            raise RequestError("the supervisor is shutting down")
        child = self._children.get(spec.name)
        if child is None:
            record = Record(spec, self.journal.next_order())
            self.journal.records[spec.name] = record
            child = self._children[spec.name] = self._child(record)
        async with child.lock:
            fits = child.spec.same_process(spec) and child.running and child.state in _RESTED
            changed = child.spec != spec or not child.record.wanted
            # One that runs without being known is left from a lost state file.
            if not fits and (child.running or self._readopt(child)):
                await child.halt()
            child.record.spec, child.record.wanted = spec, True
            if not fits:
                await self._begin(child)
            elif changed:
                self.journal.save()
        return self.status(child)

    async def _begin(self, child: Child) -> None:
        """Starts it as if for the first time; the intent is on disk before the process is there."""
        child.record.forgive()
        child.deaths = 0
        self.journal.save()
        child.enter(ChildState.STARTING, "")
        await child.clear()
        child.start()

    async def wait_ready(self, name: str, deaths_allowed: float | None) -> ChildStatus:
        """Waits until a process is ready.

        Raises:
            ProcessFailedError: it failed, was stopped, or died more often than allowed.
        """
        child = self._find(name)
        while child.state is not ChildState.READY:
            status = self.status(child)
            if child.state in (ChildState.FAILED, ChildState.STOPPED):
                raise ProcessFailedError(f"{name} is {child.state}: {status.detail or 'it was stopped'}")
            if deaths_allowed is not None and child.deaths > deaths_allowed:
                raise ProcessFailedError(f"{name} died before it was ready: {status.detail}")
            await child.change()
        return self.status(child)

    async def stop(self, name: str, grace: float | None, *, forget: bool) -> ChildStatus:
        """Stops a process, and with `forget` drops it from the books."""
        child = self._find(name)
        child.record.wanted = False
        await self._stop(child, grace)
        if forget and not child.record.wanted:
            self._children.pop(name, None)
            self.journal.records.pop(name, None)
            self.journal.save()
        return self.status(child)

    async def _stop(self, child: Child, grace: float | None) -> None:
        async with child.lock:
            if child.record.wanted and not self.closing:
                return
            self.journal.save()
            await child.halt(grace)
            child.record.forgive()
            self.journal.save()

    async def restart(self, name: str, grace: float | None) -> ChildStatus:
        """Stops a process gracefully and starts it again with the same spec."""
        child = self._find(name)
        async with child.lock:
            child.record.wanted = True
            await child.halt(grace)
            await self._begin(child)
        return self.status(child)

    async def start(self, name: str) -> ChildStatus:
        """Starts a process that does not run with the spec it had; one that runs is left alone."""
        child = self._find(name)
        async with child.lock:
            if not child.running and not self.closing:
                child.record.wanted = True
                await self._begin(child)
        return self.status(child)

    def signal(self, name: str, number: int) -> ChildStatus:
        """Sends a signal to the main process."""
        child = self._find(name)
        child.signal(number)
        return self.status(child)

    def drain(self, name: str) -> ChildStatus:
        """Notes that a client is draining the process; the signal for it is the client's affair."""
        child = self._find(name)
        if not child.running or child.state is ChildState.STOPPING:
            raise ProcessFailedError(f"{name} is {child.state}: only a running process can be draining")
        child.record.draining = True
        child.enter(ChildState.DRAINING)
        self.journal.save()
        return self.status(child)

    def statuses(self) -> list[ChildStatus]:
        """All processes in the order of starting."""
        return [self.status(child) for child in self._in_order()]

    def status(self, child: Child) -> ChildStatus:
        return child.status(self.journal.problem)

    # --- ending and upkeep

    async def close(self, *, forget_wishes: bool) -> list[str]:
        """Stops everything, last started first; one service at a time, its replicas at once.

        Args:
            forget_wishes: whether the next supervisor starts nothing by itself.

        Returns:
            What could not be stopped, in words.
        """
        self.closing = True
        troubles: list[str] = []
        backwards = list(reversed(self._in_order()))
        for _, group in itertools.groupby(backwards, key=lambda child: child.spec.service):
            batch = list(group)
            for child in batch:
                child.record.wanted = child.record.wanted and not forget_wishes
            ends = await asyncio.gather(*(self._stop(child, None) for child in batch), return_exceptions=True)
            troubles += [str(end) for end in ends if isinstance(end, SupervisorTimeoutError | OSError)]
        return troubles

    async def rotate_logs(self) -> None:
        """Rotates what grew too large; trouble is told in the daemon's log."""
        sizes = {child.spec.log_path: child.spec.log_max_bytes for child in self._in_order()}
        await asyncio.to_thread(_rotate, sizes.items(), LOG.warning)


def _rotate(sizes: Iterable[tuple[str, int]], tell: Callable[..., None]) -> None:
    for path, limit in sizes:
        try:
            logs.rotate(path, limit)
        except OSError as error:
            tell("cannot rotate %s: %s", path, error.strerror or error)
