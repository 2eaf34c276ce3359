"""What a backup must know of a server, the moment at which it counts, and what the log holds up to now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from xiong.datastores.postgres_tools import connect
from xiong.errors import PlatformError
from xiong.tools.store_access import WAL_SLOT, StoreAccess

_MARKER = "xiong-rpo"
_MARK_SECONDS = 5.0
_LOCK_MS, _LOCK_TRIES = 200, 5
_POSITION = "SELECT pg_current_wal_insert_lsn()::text"
_TABLES = """
SELECT c.relname AS name,
  (SELECT array_agg(a.attname ORDER BY k.place)
   FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
   JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
   WHERE i.indrelid = c.oid AND i.indisprimary) AS key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""
_SERVER = """
SELECT current_setting('server_version') AS version, s.system_identifier::text AS system_id,
  (pg_control_checkpoint()).timeline_id AS timeline,
  pg_size_bytes(current_setting('wal_segment_size')) AS segment_bytes,
  (SELECT sum(pg_database_size(oid)) FROM pg_database)::bigint AS data_bytes
FROM pg_control_system() AS s
"""
_RECEIVER = """
SELECT s.active, s.wal_status, coalesce(r.write_lsn, s.restart_lsn)::text AS received,
  pg_current_wal_lsn()::text AS written,
  pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.write_lsn, s.restart_lsn))::bigint AS behind,
  extract(epoch FROM clock_timestamp() - (to_jsonb(s) ->> 'inactive_since')::timestamptz) AS away
FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
WHERE s.slot_name = $1
"""


@dataclass(frozen=True)
class ServerFacts:
    """See `model.backup.DatabasePart` for what each is."""

    version: str
    system_id: str
    timeline: int
    segment_bytes: int
    data_bytes: int


@dataclass(frozen=True)
class Table:
    """A table of the service, with the columns of its primary key."""

    name: str
    key: tuple[str, ...]


@dataclass(frozen=True)
class Receiving:
    """How far the receiver of the write-ahead log is.

    Attributes:
        active: it is connected.
        status: of the slot: reserved, extended, unreserved or lost.
        behind_bytes: written and not received yet.
        away_seconds: since it was connected last; 0 while it is, and before PostgreSQL 17.
    """

    active: bool
    status: str
    behind_bytes: int
    away_seconds: float = 0.0


@dataclass(frozen=True)
class Moment:
    """A point of the log, and a connection that sees the data as it was there.

    Attributes:
        exact: nobody wrote between the point and the view.
        lsn: the point.
        view: in a transaction that sees just that.
    """

    exact: bool
    lsn: str
    view: asyncpg.Connection


async def facts(access: StoreAccess) -> ServerFacts:
    """Asks the server."""
    connection = await connect(access)
    try:
        (row,) = await connection.fetch(_SERVER)
    finally:
        await connection.close()
    return ServerFacts(
        row["version"].split()[0], row["system_id"], row["timeline"], row["segment_bytes"], row["data_bytes"]
    )


async def server_time(access: StoreAccess) -> datetime:
    """The server's clock."""
    connection = await connect(access)
    try:
        at: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return at
    finally:
        await connection.close()


async def revision(connection: asyncpg.Connection) -> str:
    """The newest revision of the schema; empty where there is none."""
    if await connection.fetchval("SELECT to_regclass('schema_revisions')") is None:
        return ""
    found = await connection.fetch("SELECT revision FROM schema_revisions ORDER BY 1")
    return str(found[-1]["revision"]) if found else ""


async def tables(connection: asyncpg.Connection) -> list[Table]:
    """Those of the service."""
    return [Table(row["name"], tuple(row["key"] or ())) for row in await connection.fetch(_TABLES)]


@asynccontextmanager
async def moment(access: StoreAccess, name: str) -> AsyncIterator[Moment]:
    """Writes a restore point while for a few milliseconds nobody writes rows; the view outlives the locks.

    Where a long transaction keeps the locks from us, the point is written all the same, and not exact.

    Args:
        access: as superuser.
        name: of the restore point, at most 63 characters.
    """
    locking, view = await connect(access), await connect(access)
    try:
        names = ", ".join(f'public."{table.name}"' for table in await tables(locking))
        locks = locking.transaction()
        await locks.start()
        exact = False
        for _ in range(_LOCK_TRIES):
            exact = exact or await _locked(locking, names)
        seen = view.transaction(isolation="repeatable_read", readonly=True)
        await seen.start()
        await view.fetchval("SELECT 1")  # a snapshot is taken by the first query
        lsn = await locking.fetchval("SELECT pg_create_restore_point($1)::text", name)
        await locks.rollback()
        yield Moment(exact, lsn, view)
        await seen.rollback()
    finally:
        await locking.close()
        await view.close()


async def _locked(connection: asyncpg.Connection, names: str) -> bool:
    if not names:
        return True
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
        await connection.execute(f"LOCK TABLE {names} IN SHARE MODE")
    except asyncpg.LockNotAvailableError:
        await attempt.rollback()
        return False
    await attempt.commit()
    return True


async def switch_segment(access: StoreAccess) -> None:
    """Ends the segment that is being written, so that all of it can be taken away."""
    connection = await connect(access)
    try:
        await connection.execute("SELECT pg_switch_wal()")
    finally:
        await connection.close()


class Marker:
    """Notes in the log itself that a time was reached: what is restorable up to a marker lost nothing before.

    It keeps one connection, since it is asked each second; `close` it at the end.
    """

    def __init__(self, access: StoreAccess) -> None:
        self._access = access
        self._connection: asyncpg.Connection | None = None
        self._last, self._end = "", ""

    async def mark(self) -> str:
        """Where the log stands by now; where nobody wrote since the last marker, that one still holds.

        Raises:
            PlatformError: the server does not take it within a few seconds.
        """
        try:
            async with asyncio.timeout(_MARK_SECONDS):
                return await self._marked()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            await self.close()
            raise PlatformError(
                f"the database takes no marker ({type(error).__name__})", hint="xiong health database"
            ) from error

    async def _marked(self) -> str:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._access)
        asked = self._connection
        if not self._last or await asked.fetchval(_POSITION) != self._end:
            # Transactional, so that it is flushed, and its commit follows it.
            self._last = await asked.fetchval("SELECT pg_logical_emit_message(true, $1, '')::text", _MARKER)
            self._end = await asked.fetchval(_POSITION)
        return self._last

    async def close(self) -> None:
        """Ends its connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


async def receiving(access: StoreAccess) -> Receiving | None:
    """How far the receiver is; None where there is no such slot."""
    connection = await connect(access)
    try:
        row = await connection.fetchrow(_RECEIVER, WAL_SLOT)
    finally:
        await connection.close()
    if row is None:
        return None
    away = 0.0 if row["active"] else float(row["away"] or 0)
    return Receiving(row["active"], row["wal_status"] or "lost", int(row["behind"] or 0), away)
