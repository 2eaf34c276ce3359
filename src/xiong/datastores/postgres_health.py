"""What PostgreSQL says of itself over one connection: sessions, schema, vectors, its clock.

Used by the checks `database` and `clock`. Nothing that anybody wrote is read.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from xiong.config.secrets import Secret
from xiong.datastores.away import Away
from xiong.tools.clock import Clock

_CLOSE_SECONDS = 0.5

_SESSIONS = """
SELECT count(*)::int AS connections,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) AS most,
  count(*) FILTER (WHERE idle > $1)::int AS idle, coalesce(max(idle), 0)::float AS longest_idle,
  count(*) FILTER (WHERE busy > $2)::int AS long, coalesce(max(busy), 0)::float AS longest
FROM (
  SELECT
    CASE WHEN state LIKE 'idle in transaction%'
      THEN extract(epoch FROM clock_timestamp() - state_change)::float END AS idle,
    CASE WHEN state NOT LIKE 'idle in transaction%'
      THEN extract(epoch FROM clock_timestamp() - xact_start)::float END AS busy
  FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
) AS sessions
"""
_REVISIONS = "SELECT revision, phase FROM schema_revisions"
_VECTORS = """
SELECT embedder, count(*)::int AS entries, min(vector_dims(embedding))::int AS least,
  max(vector_dims(embedding))::int AS most
FROM knowledge GROUP BY embedder
"""
_NEAREST = "SELECT id FROM knowledge WHERE embedder = $1 ORDER BY embedding <=> $2::text::vector LIMIT 1"


@dataclass(frozen=True)
class Limits:
    """What is asked about.

    Attributes:
        idle_seconds: from when on an open transaction in which nothing happens is counted.
        long_seconds: from when on a transaction at work is counted.
        embedder: whose vectors the service searches.
        dimensions: of its vectors.
    """

    idle_seconds: float
    long_seconds: float
    embedder: str
    dimensions: int


@dataclass(frozen=True)
class Vectors:
    """What the table `knowledge` holds.

    Attributes:
        entries: {embedder: vectors of it}.
        dimensions: all dimensions that occur.
        found: whether a search for the nearest of `Limits.embedder` found something.
        fault: why it could not be searched, or empty.
        seconds: how long that search took.
    """

    entries: dict[str, int]
    dimensions: tuple[int, ...] = ()
    found: bool = False
    fault: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class DatabaseFacts:
    """What was seen.

    Attributes:
        seconds: how long a connection and the first answer took.
        connections: clients of the server, without us.
        limit: clients that it allows an ordinary role.
        idle: sessions that hold a transaction open and do nothing, for longer than asked about.
        longest_idle: seconds of the longest of all such sessions.
        long: transactions at work for longer than asked about.
        longest: seconds of the longest.
        revisions: {applied revision: its phase}; None where we may not read them.
        vectors: None where we may not read them.
        ahead_seconds: how far its clock is before ours.
    """

    seconds: float
    connections: int
    limit: int
    idle: int
    longest_idle: float
    long: int
    longest: float
    revisions: dict[str, str] | None
    vectors: Vectors | None
    ahead_seconds: float


async def ask(url: Secret, limits: Limits, clock: Clock, *, timeout_seconds: float) -> DatabaseFacts | Away:
    """Connects, asks, and closes; the deadline is for all of it."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(timeout_seconds):
            connection = await _connect(url, timeout_seconds)
            try:
                found = await _facts(connection, limits, clock, begun)
            except BaseException:
                connection.terminate()  # nobody waits for the good-bye of a server that hangs
                raise
            await _close(connection)
            return found
    except asyncpg.TooManyConnectionsError:
        return Away("connections", "it refuses every new connection: all are taken")
    except asyncpg.CannotConnectNowError as error:
        return Away("not-ready", str(error))
    except TimeoutError:
        return Away("hung", f"no answer within {timeout_seconds:g} s")
    except (ConnectionError, asyncpg.ConnectionDoesNotExistError) as error:
        return Away("down", f"no connection ({type(error).__name__})")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return Away("failed", f"it refuses us ({type(error).__name__})")


async def _connect(url: Secret, timeout_seconds: float) -> asyncpg.Connection:
    return await asyncpg.connect(
        url.reveal(),
        timeout=timeout_seconds,
        command_timeout=timeout_seconds,
        statement_cache_size=0,  # a pooler in between gives each statement another session
        server_settings={"application_name": "xiong-health"},
    )


async def _close(connection: asyncpg.Connection) -> None:
    """In order, where the server lets us."""
    try:
        await connection.close(timeout=_CLOSE_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


async def _facts(connection: asyncpg.Connection, limits: Limits, clock: Clock, begun: float) -> DatabaseFacts:
    before = clock.now()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    after = clock.now()
    seconds = time.monotonic() - begun
    (row,) = await connection.fetch(_SESSIONS, limits.idle_seconds, limits.long_seconds)
    return DatabaseFacts(
        seconds=seconds,
        connections=row["connections"],
        limit=row["most"],
        idle=row["idle"],
        longest_idle=row["longest_idle"],
        long=row["long"],
        longest=row["longest"],
        revisions=await _revisions(connection),
        vectors=await _vectors(connection, limits),
        ahead_seconds=(theirs - (before + (after - before) / 2)).total_seconds(),
    )


async def _revisions(connection: asyncpg.Connection) -> dict[str, str] | None:
    try:
        rows = await connection.fetch(_REVISIONS)
    except asyncpg.InsufficientPrivilegeError:
        return None
    except asyncpg.UndefinedTableError:
        return {}
    return {row["revision"]: row["phase"] for row in rows}


async def _vectors(connection: asyncpg.Connection, limits: Limits) -> Vectors | None:
    """Searches as the service does: cosine distance, among the vectors of one embedder."""
    try:
        rows = await connection.fetch(_VECTORS)
    except asyncpg.InsufficientPrivilegeError:
        return None
    except asyncpg.PostgresError as error:
        return Vectors({}, fault=type(error).__name__)
    entries = {row["embedder"]: row["entries"] for row in rows}
    dimensions = tuple(sorted({row[name] for row in rows for name in ("least", "most")}))
    question = f"[{','.join(['1'] * limits.dimensions)}]"
    begun = time.monotonic()
    try:
        found = await connection.fetchval(_NEAREST, limits.embedder, question)
    except asyncpg.PostgresError as error:
        return Vectors(entries, dimensions, fault=type(error).__name__)
    return Vectors(entries, dimensions, found is not None, seconds=time.monotonic() - begun)
