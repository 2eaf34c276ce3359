"""Looks at the dependencies every other second and at the schema until it is known.

A task in every replica, started by `main`. What it finds is shown by /ready and by
xiongichat_dependency_up; it never makes a replica unready, except for a schema that does not fit:
a dead dependency must not empty the proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from api.database.engine import Database, DatabaseAwayError
from api.database.revisions import Revision
from api.database.schema import applied_revisions, misfit
from api.logs import Log
from api.metrics import Metrics

PERIOD_S = 2.0
DATABASE_DEADLINE_S = 1.0
CACHE_DEADLINE_S = 0.5
SCHEMA_EVERY = 5

_ALIVE = text("SELECT 1")


class Probes:
    """What is known of the dependencies."""

    def __init__(
        self,
        database: Database,
        cache: Redis,
        model_up: Callable[[], bool],
        revisions: tuple[Revision, ...],
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._database = database
        self._cache = cache
        self._model_up = model_up
        self._revisions = revisions
        self._metrics = metrics
        self._log = log
        self._up = {"database": True, "cache": True, "model": True}
        self._rounds = 0
        self.schema_problem: str | None = None
        self.schema_known = False

    @property
    def degraded(self) -> list[str]:
        """The dependencies that do not answer."""
        return [name for name, up in self._current().items() if not up]

    def _current(self) -> Mapping[str, bool]:
        return {**self._up, "database": self._up["database"] and self._database.up}

    async def run(self) -> None:
        """Looks, over and over, until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.look()
            except Exception as error:
                self._log.error("a probe failed", action="probe.failed", error=error)

    async def look(self) -> None:
        """Looks once at everything."""
        results = await asyncio.gather(self._look_at_database(), self._look_at_cache())
        for name, up in zip(("database", "cache", "model"), (*results, self._model_up()), strict=True):
            if up != self._up[name]:
                self._log.warning(
                    "a dependency came back" if up else "a dependency is away",
                    action="dependency.up" if up else "dependency.down",
                    dependency=name,
                )
            self._up[name] = up
            self._metrics.dependency(name, up)

    async def _look_at_database(self) -> bool:
        try:
            # a schema that fits is looked at now and then only: a contract may come while we run
            if not self.schema_known or self.schema_problem or self._rounds % SCHEMA_EVERY == 0:
                await self._look_at_schema()
            else:
                await self._database.run(lambda connection: connection.execute(_ALIVE), DATABASE_DEADLINE_S)
            self._rounds += 1
        except DatabaseAwayError:
            return False
        return True

    async def _look_at_schema(self) -> None:
        applied = await self._database.run(applied_revisions, DATABASE_DEADLINE_S)
        problem = misfit(self._revisions, applied)
        if problem != self.schema_problem:
            self._log.warning(
                "the schema fits now" if problem is None else "the schema does not fit",
                action="schema.checked",
                reason=problem,
            )
        self.schema_problem = problem
        self.schema_known = True

    async def _look_at_cache(self) -> bool:
        try:
            async with asyncio.timeout(CACHE_DEADLINE_S):
                await self._cache.ping()
        except (RedisError, OSError):
            return False
        return True
