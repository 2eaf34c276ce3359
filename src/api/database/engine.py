"""The way to PostgreSQL, with an end to every wait.

`Database.run` is the only door of the chat path to the database: a step takes at most its deadline,
even where the server hangs, and after a failure the next steps fail at once for a while instead of
each waiting. Whoever calls must have another place for what it wanted to store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

CONNECT_TIMEOUT_S = 1.5
STEP_DEADLINE_S = 2.0
PAUSE_S = 1.0

# the driver's own errors arrive bare only while connecting
_AWAY = (
    OperationalError,
    InterfaceError,
    InternalError,
    DisconnectionError,
    PoolTimeoutError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)

Result = TypeVar("Result")
Step = Callable[[AsyncConnection], Awaitable[Result]]


class DatabaseAwayError(Exception):
    """The database did not do the step in time, or at all."""


def async_url(text: str) -> URL:
    """Returns a libpq-style URL as the driver wants it."""
    url = make_url(text).set(drivername="postgresql+asyncpg")
    mode = url.query.get("sslmode")
    if mode is not None:
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url


def make_engine(url: str, pool_size: int) -> AsyncEngine:
    """Returns the pool of one replica; it connects when first used."""
    milliseconds = str(int(STEP_DEADLINE_S * 1000))
    engine = create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=STEP_DEADLINE_S,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "server_settings": {
                "application_name": "xiongichat-api",
                "statement_timeout": milliseconds,
                # a replica that is frozen in a transaction must not hold its locks for ever
                "idle_in_transaction_session_timeout": "5000",
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:
    """Skips connections that the driver already knows to be dead; costs no round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


class Database:
    """The engine behind a deadline and a circuit."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self._clock = clock
        self._paused_until = 0.0
        self._trying = False
        self._running: set[asyncio.Task[Any]] = set()
        self.up = True

    @property
    def waiters(self) -> int:
        """How many steps wait for a connection of the pool."""
        in_use: int = getattr(self.engine.pool, "checkedout", lambda: 0)()
        return max(0, len(self._running) - in_use)

    async def run(self, step: Step[Result], deadline_s: float = STEP_DEADLINE_S) -> Result:
        """Runs `step` in one transaction, or raises DatabaseAwayError.

        `step` may run twice (a dead connection is met only when used), so it must be idempotent.
        An error that is not the database's fault passes through unchanged.
        """
        half_open = self._enter()
        ends = self._clock() + deadline_s
        try:
            result = await self._bounded(step, deadline_s)
        except DatabaseAwayError as first:
            left = ends - self._clock()
            if half_open or left < deadline_s / 2:
                self._away()
                raise
            try:
                result = await self._bounded(step, left)
            except DatabaseAwayError:
                self._away()
                raise first from None
        finally:
            if half_open:
                self._trying = False
        self.up = True
        self._paused_until = 0.0
        return result

    def _enter(self) -> bool:
        """Lets one caller at a time try while the circuit is half open; the others need not wait."""
        if self.up:
            return False
        if self._trying or self._clock() < self._paused_until:
            raise DatabaseAwayError("the database was away a moment ago")
        self._trying = True
        return True

    def _away(self) -> None:
        self.up = False
        self._paused_until = self._clock() + PAUSE_S

    async def _bounded(self, step: Step[Result], deadline_s: float) -> Result:
        """Waits no longer than the deadline: closing a hung connection goes on behind our back."""
        task = asyncio.ensure_future(self._transaction(step))
        self._running.add(task)
        task.add_done_callback(self._forget)
        try:
            done, _ = await asyncio.wait((task,), timeout=deadline_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise DatabaseAwayError(f"no answer within {deadline_s:.1f} s")
        return task.result()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()

    async def _transaction(self, step: Step[Result]) -> Result:
        try:
            async with self.engine.begin() as connection:
                return await step(connection)
        except _AWAY as error:
            raise DatabaseAwayError(type(error).__name__) from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_servers_fault(error):
                raise DatabaseAwayError(type(error).__name__) from error
            raise

    async def close(self) -> None:
        """Closes the pool, within a deadline."""
        try:
            async with asyncio.timeout(STEP_DEADLINE_S):
                await self.engine.dispose()
        except (TimeoutError, OSError, SQLAlchemyError):
            self.engine.sync_engine.dispose(close=False)


def _is_servers_fault(error: DBAPIError) -> bool:
    """Says whether the server refused for a reason of its own: no room, no login, shutting down."""
    state = getattr(error.orig, "sqlstate", None) or ""
    # 08 connection, 25 read-only standby, 28 authorisation, 3D no such database, 53 resources,
    # 57 shutdown or timeout, 58 system error, XX internal
    return state[:2] in ("08", "25", "28", "3D", "40", "53", "55", "57", "58", "XX")
