"""Applies revisions, one after the other, each recorded in the transaction that made it.

Called by `python -m api.migrate`, in one job per release and never by the app. Any number may run at
once: they take turns by a session lock on a connection of its own, and look again once they have it.
The waiting is done by asking again, not by blocking in the server: a blocked session holds a snapshot
that CREATE INDEX CONCURRENTLY in the session at work would wait for.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from api.database.engine import async_url
from api.database.revisions import Phase, Revision

LOCK_KEY = 0x5849_4F4E_4742
ASK_EVERY_S = 0.2
LOCK_TIMEOUT_S = 5
LOCK_TRIES = 12
_LOCK_NOT_AVAILABLE = "55P03"

_TABLE = text(
    "CREATE TABLE IF NOT EXISTS schema_revisions"
    " (revision text PRIMARY KEY, phase text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
)
_TAKE = text("SELECT pg_try_advisory_lock(:key)")
_APPLIED = text("SELECT revision, phase FROM schema_revisions ORDER BY applied_at, revision")
_EXISTS = text("SELECT to_regclass('schema_revisions') IS NOT NULL")
_IS_APPLIED = text("SELECT 1 FROM schema_revisions WHERE revision = :revision")
_RECORD = text("INSERT INTO schema_revisions (revision, phase) VALUES (:revision, :phase)")
# a second fence, should the session that holds the lock be cut off while we work
_FENCE = text("LOCK TABLE schema_revisions IN EXCLUSIVE MODE")


class MigrationDeadlineError(Exception):
    """Somebody else migrates, or holds a table, for longer than we may wait."""


@dataclass(frozen=True)
class Migrator:
    """Brings one database to what the code ships.

    Attributes:
        wait_s: how long to wait for another run to end.
        report: told what is being done, for the log.
    """

    engine: AsyncEngine
    revisions: Sequence[Revision]
    wait_s: float = 120.0
    report: Callable[[str], None] = lambda _: None

    async def applied(self) -> dict[str, str]:
        """Returns what is applied, with its phase."""
        async with self.engine.connect() as connection:
            if not (await connection.execute(_EXISTS)).scalar_one():
                return {}
            rows = await connection.execute(_APPLIED)
            return {str(row.revision): str(row.phase) for row in rows}

    async def upgrade(self, phase: Phase) -> list[str]:
        """Applies the pending revisions of one phase; returns those that this run applied."""
        async with self.engine.connect() as keeper:
            await keeper.execution_options(isolation_level="AUTOCOMMIT")
            await self._take_turn(keeper)
            await keeper.execute(_TABLE)
            return [
                revision.name
                for revision in self.revisions
                if revision.phase == phase and await self._apply(revision)
            ]

    async def _take_turn(self, keeper: AsyncConnection) -> None:
        """Takes the session lock; it goes with the connection, however this process ends."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self.wait_s
        while not (await keeper.execute(_TAKE, {"key": LOCK_KEY})).scalar_one():
            if loop.time() >= ends:
                raise MigrationDeadlineError(f"another run has migrated for {self.wait_s:.0f} s")
            await asyncio.sleep(ASK_EVERY_S)

    async def _apply(self, revision: Revision) -> bool:
        for _ in range(LOCK_TRIES):
            try:
                applied = await self._try(revision)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                self.report(f"{revision.name}: a table is in use, trying again")
                continue
            if applied:
                self.report(f"{revision.name}: applied")
            return applied
        raise MigrationDeadlineError(f"{revision.name}: a table stayed in use through {LOCK_TRIES} tries")

    async def _try(self, revision: Revision) -> bool:
        module = load(revision)
        if revision.transactional:
            async with self.engine.begin() as connection:
                await _limit_waits(connection)
                await connection.execute(_FENCE)
                if await _is_applied(connection, revision):
                    return False
                await connection.run_sync(_run, module)
                await _record(connection, revision)
            return True
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await _limit_waits(connection)
            if await _is_applied(connection, revision):
                return False
            await connection.run_sync(_run, module)
            await _record(connection, revision)
        return True


async def _limit_waits(connection: AsyncConnection) -> None:
    await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'"))


async def _is_applied(connection: AsyncConnection, revision: Revision) -> bool:
    return (await connection.execute(_IS_APPLIED, {"revision": revision.name})).first() is not None


async def _record(connection: AsyncConnection, revision: Revision) -> None:
    await connection.execute(_RECORD, {"revision": revision.name, "phase": revision.phase})


def _run(connection: Connection, module: ModuleType) -> None:
    # loaded only where something is applied: `status` and `describe` are asked often
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with Operations.context(MigrationContext.configure(connection)):
        module.upgrade()


def load(revision: Revision) -> ModuleType:
    """Runs a revision's file as a module."""
    spec = importlib.util.spec_from_file_location(f"api_revision_{revision.name}", revision.path)
    if spec is None or spec.loader is None:
        raise ImportError(revision.path.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def migration_engine(url: str) -> AsyncEngine:
    """Returns an engine that keeps no connections; statements may take as long as they need."""
    return create_async_engine(
        async_url(url),
        poolclass=NullPool,
        connect_args={"timeout": 10, "server_settings": {"application_name": "xiongichat-migrate"}},
    )
