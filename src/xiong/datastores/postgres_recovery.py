"""How PostgreSQL is made to go forward to a moment, and whether it got there. For `operations/restore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from xiong.datastores.postgres_tools import connect, program
from xiong.errors import PlatformError
from xiong.model.restore import Target
from xiong.tools.store_access import StoreAccess

SIGNAL = "recovery.signal"
_INDEXES = """
SELECT c.oid::regclass::text AS name, am.amname AS method
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND i.indisvalid AND c.relpersistence <> 't'
ORDER BY 1
"""
_TABLES = """
SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""


@dataclass(frozen=True)
class Recovered:
    """A server that went forward and takes writes now.

    Attributes:
        last_commit: time of the newest commit that was replayed; None where none was.
    """

    last_commit: datetime | None


def combine(access: StoreAccess, chain: Sequence[Path], folder: Path) -> list[str]:
    """A full base backup and its increments into one data folder, which must be empty."""
    return [program(access, "pg_combinebackup"), f"--output={folder}", *(str(one) for one in chain)]


def options(target: Target, timeline: int, *, end_of_set: str) -> dict[str, str]:
    """Settings under which the server replays what lies in its `pg_wal`, and then takes writes.

    Args:
        target: where to end.
        timeline: on which.
        end_of_set: restore point of the set; where the target is that set.
    """
    found = {
        "restore_command": "false",  # all of the log lies in place already
        "recovery_target_timeline": str(timeline),
        "recovery_target_action": "promote",
        "archive_mode": "off",
        "synchronous_standby_names": "",
    }
    if target.at is not None:
        return found | {"recovery_target_time": target.at.isoformat()}
    if target.point:
        return found | {"recovery_target_name": target.point}
    if target.backup != "newest":
        end = {"recovery_target_name": end_of_set} if end_of_set else {"recovery_target": "immediate"}
        return found | end
    return found


async def recovered(access: StoreAccess) -> Recovered | None:
    """None while the server still goes forward, or does not answer yet."""
    try:
        connection = await connect(access, "postgres")
    except PlatformError:
        return None
    try:
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            return None
        return Recovered(await connection.fetchval("SELECT pg_last_xact_replay_timestamp()"))
    finally:
        await connection.close()


async def checked(access: StoreAccess) -> tuple[str, ...]:
    """Faults of tables and B-tree indexes by amcheck, in words.

    Raises:
        asyncpg.PostgresError: amcheck is not there.
    """
    connection = await connect(access)
    faults: list[str] = []
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        for row in await connection.fetch(_TABLES):
            damaged = await connection.fetch(
                "SELECT blkno FROM verify_heapam($1::text::regclass)", row["name"]
            )
            faults.extend(f"table {row['name']} is damaged at block {one['blkno']}" for one in damaged)
        for row in await connection.fetch(_INDEXES):
            if row["method"] != "btree":
                continue
            try:
                await connection.execute("SELECT bt_index_check($1::text::regclass, true)", row["name"])
            except asyncpg.PostgresError as error:
                faults.append(f"index {row['name']} is damaged: {error.sqlstate}")
    finally:
        await connection.close()
    return tuple(faults)
