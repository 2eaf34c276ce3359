"""A search that never fails: the database while it answers in time, the entries in memory otherwise.

Used by both responders; made by `build_responder`.
"""

from __future__ import annotations

import asyncio

import structlog

from api.knowledge.memory import MemoryKnowledge
from api.replies.breaker import Breaker
from api.replies.model import Knowledge, Passage

SEARCH_TIMEOUT_S = 4.0
"""Room for one remote embedding (3 s) and one query; a person waits for it."""

_log = structlog.get_logger(__name__)


class Lookup:
    """The `Knowledge` of the responders."""

    def __init__(
        self,
        knowledge: Knowledge,
        memory: MemoryKnowledge,
        breaker: Breaker,
        timeout: float = SEARCH_TIMEOUT_S,
    ) -> None:
        self._knowledge = knowledge
        self._memory = memory
        self._breaker = breaker
        self._timeout = timeout
        self._running: set[asyncio.Task[list[Passage]]] = set()

    async def search(self, question: str, limit: int = 3) -> list[Passage]:
        """Passages from the database, or from memory when it is away, slow or not yet loaded."""
        if self._breaker.allows():
            try:
                passages = await self._bounded(question, limit)
            except asyncio.CancelledError:
                self._breaker.abandoned()
                raise
            except Exception as error:
                self._breaker.failed()
                _log.warning("the knowledge search failed", action="knowledge.search_failed", error=error)
            else:
                self._breaker.succeeded()
                if passages:
                    return passages
        return await self._memory.search(question, limit)

    async def _bounded(self, question: str, limit: int) -> list[Passage]:
        """Waits no longer than the timeout, even where closing a hung connection takes longer."""
        task = asyncio.ensure_future(self._knowledge.search(question, limit))
        self._running.add(task)
        task.add_done_callback(self._forget)
        try:
            done, _ = await asyncio.wait((task,), timeout=self._timeout)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise TimeoutError
        return task.result()

    def _forget(self, task: asyncio.Task[list[Passage]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()
