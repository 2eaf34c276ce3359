"""Numbers of the data stores, for charts and alerts: asked every few seconds, shown by /metrics.

A task in every replica, started by `main`. Each replica says the same of a server that they share, so
these series are read with `max`, never with `sum`; only the pool is the replica's own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.active_users import WINDOWS, ActiveUsers
from api.database.engine import Database, DatabaseAwayError
from api.logs import Log

PERIOD_S = 5.0
CACHE_DEADLINE_S = 0.5
# older numbers are no longer shown: a chart with a gap is truer than one with a frozen line
STALE_S = 30.0

TUPLES = ("inserted", "updated", "deleted", "fetched")
TRANSACTIONS = ("committed", "rolled_back")
_GAUGES = {
    "xiongichat_database_pool_in_use": "Connections of this replica that are in use",
    "xiongichat_database_pool_size": "Connections that this replica may hold",
    "xiongichat_database_pool_waiters": "Steps that wait for a connection of this replica",
    "xiongichat_database_connections": "Clients of the database server, of all its databases",
    "xiongichat_database_connections_limit": "Clients that the server allows an ordinary role",
    "xiongichat_database_size_bytes": "Size of the service's database",
    "xiongichat_cache_memory_bytes": "Memory that the cache uses",
    "xiongichat_cache_memory_limit_bytes": "Memory that the cache may use; 0 where there is no limit",
    "xiongichat_memory_limit_bytes": "Memory that this process may use; 0 where there is no limit",
}
_DATABASE = text(
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,"
    " current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    " - coalesce(current_setting('reserved_connections', true)::int, 0) AS connections_limit,"
    " pg_database_size(datname) AS size_bytes, tup_inserted AS inserted,"
    " tup_updated AS updated, tup_deleted AS deleted, tup_fetched AS fetched, xact_commit AS committed,"
    " xact_rollback AS rolled_back FROM pg_stat_database WHERE datname = current_database()"
)
_MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_NO_LIMIT = 2**60


class Vitals:
    """What was found last, as a collector of a registry."""

    def __init__(
        self, database: Database, cache: Redis, users: ActiveUsers, registry: CollectorRegistry, log: Log
    ) -> None:
        self._database = database
        self._cache = cache
        self._users = users
        self._log = log
        self._server: tuple[float, Mapping[str, Any]] | None = None
        self._memory: tuple[float, Mapping[str, Any]] | None = None
        self._active: tuple[float, Mapping[str, int]] | None = None
        self._limit = memory_limit()
        registry.register(self)

    async def run(self) -> None:
        """Looks, over and over, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                self._log.error("numbers could not be had", action="vitals.failed", error=error)
            await asyncio.sleep(PERIOD_S)

    async def look(self) -> None:
        """Asks database and cache once; what does not answer is left out."""
        await asyncio.gather(self._look_at_database(), self._look_at_cache())

    async def _look_at_database(self) -> None:
        async def ask(connection: AsyncConnection) -> Mapping[str, Any]:
            return dict((await connection.execute(_DATABASE)).mappings().one())

        try:
            self._server = (time.monotonic(), await self._database.run(ask))
        except DatabaseAwayError:
            return

    async def _look_at_cache(self) -> None:
        try:
            async with asyncio.timeout(CACHE_DEADLINE_S):
                await self._users.flush()
                self._active = (time.monotonic(), await self._users.count())
                self._memory = (time.monotonic(), await self._cache.info("memory"))
        except (RedisError, OSError):
            return

    @staticmethod
    def describe() -> Iterator[Metric]:
        """Yields every family that there can be, without values."""
        for name, description in _GAUGES.items():
            yield GaugeMetricFamily(name, description, labels=[])
        yield _users({})
        yield from _counters({})

    def collect(self) -> Iterator[Metric]:
        """Yields what is known and not stale."""
        server, memory, active = _fresh(self._server), _fresh(self._memory), _fresh(self._active)
        pool = self._database.engine.pool
        values: dict[str, Any] = {
            "xiongichat_database_pool_in_use": getattr(pool, "checkedout", lambda: 0)(),
            "xiongichat_database_pool_size": getattr(pool, "size", lambda: 0)(),
            "xiongichat_database_pool_waiters": self._database.waiters,
            "xiongichat_database_connections": server.get("connections"),
            "xiongichat_database_connections_limit": server.get("connections_limit"),
            "xiongichat_database_size_bytes": server.get("size_bytes"),
            "xiongichat_cache_memory_bytes": memory.get("used_memory"),
            "xiongichat_cache_memory_limit_bytes": memory.get("maxmemory"),
            "xiongichat_memory_limit_bytes": self._limit,
        }
        for name, description in _GAUGES.items():
            if values[name] is not None:
                yield GaugeMetricFamily(name, description, value=float(values[name]))
        yield _users(active)
        yield from _counters(server)


def _users(counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "xiongichat_active_users", "People who wrote within the window", labels=["window"]
    )
    for window in WINDOWS:
        if window in counts:
            family.add_metric([window], counts[window])
    return family


def _counters(values: Mapping[str, Any]) -> Iterator[Metric]:
    yield _counter("xiongichat_database_tuples", "Rows touched", "operation", TUPLES, values)
    yield _counter("xiongichat_database_transactions", "Transactions ended", "outcome", TRANSACTIONS, values)


def _fresh(found: tuple[float, Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return {} if found is None or time.monotonic() - found[0] > STALE_S else found[1]


def _counter(
    name: str, description: str, label: str, children: tuple[str, ...], values: Mapping[str, Any]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, description, labels=[label])
    for child in children:
        if child in values:
            family.add_metric([child], float(values[child]))
    return family


def memory_limit(files: tuple[Path, ...] = _MEMORY_LIMITS) -> int:
    """Returns how much memory this process may use, in bytes; 0 where nothing limits it."""
    for file in files:
        try:
            content = file.read_text(encoding="ascii").strip()
        except OSError:
            continue
        return int(content) if content.isdigit() and int(content) < _NO_LIMIT else 0
    return 0
