"""The two places where pages can be worked on: PostgreSQL, and the SQLite file while it is away."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.database.engine import Database, DatabaseAwayError, Step
from api.pages import local
from api.pages.standby import FILE

Result = TypeVar("Result")


class StoreAwayError(Exception):
    """A store did not do a step; it can be tried again."""

    @property
    def is_damage(self) -> bool:
        """Whether the SQLite file itself is no database (any more)."""
        # its own class; everything that may pass by itself has one below it
        return type(self.__cause__) is DatabaseError


class Store(Protocol):
    """A place where pages are."""

    async def run(self, step: Step[Result]) -> Result:
        """Runs `step` in one transaction, which may happen twice; raises StoreAwayError."""
        ...


class SharedStore:
    """PostgreSQL, which all pagers share."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, step: Step[Result]) -> Result:
        """Runs `step` in one transaction, which may happen twice; raises StoreAwayError."""
        try:
            return await self._database.run(step)
        except (DatabaseAwayError, SQLAlchemyError) as error:
            # a database without our tables is no help either
            raise StoreAwayError(type(error).__name__) from error

    async def close(self) -> None:
        """Closes the pool."""
        await self._database.close()


class LocalStore:
    """The SQLite file of one spool folder; only the pager that holds the folder's lock opens it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._engine = _engine(self._path)
        self._one_at_a_time = asyncio.Lock()

    async def begin(self) -> None:
        """Makes the file, its tables and its triggers where they are not there."""
        self._path.touch(mode=0o600)
        await self.run(local.prepare)

    def set_aside(self) -> None:
        """Puts a file that is no database (any more) out of the way, for a person to look at."""
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path = self._path.with_name(self._path.name + suffix)
                path.rename(path.with_name(f"{self._path.name}.broken{suffix}"))

    async def run(self, step: Step[Result]) -> Result:
        """Runs `step` in one transaction; raises StoreAwayError."""
        async with self._one_at_a_time:
            try:
                async with self._engine.begin() as connection:
                    return await step(connection)
            except (SQLAlchemyError, OSError) as error:
                raise StoreAwayError(type(error).__name__) from error

    async def close(self) -> None:
        """Closes the file."""
        await self._engine.dispose()


def _engine(path: Path) -> AsyncEngine:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, record: object) -> None:
    # the driver would begin a transaction only at the first change, and see another state before it
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=2000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
