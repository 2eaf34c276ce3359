"""What the service's database must hold before any migration: roles, the database, the extension.

`provision` is called by `up` on every platform; the platform supplies how psql is run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from xiong.config.secrets import Secret
from xiong.errors import PlatformError
from xiong.model.task import TaskResult
from xiong.tools.store_access import WAL_SLOT

DATABASE = "xiongichat"
ROLES = ("owner", "app", "backup", "monitor")

RunTool = Callable[[str, Sequence[str], bytes], Awaitable[TaskResult]]
"""Runs a client tool of a store (store, argument list, stdin), as `Platform.run_store_tool` does."""


def server_script(passwords: Mapping[str, Secret]) -> bytes:
    """Roles and the database; safe to repeat, so that a changed password takes effect.

    Roles (least privilege): `owner` migrates, `app` reads and writes rows, `backup` reads all and
    streams WAL, `monitor` sees statistics, also where all other connections are taken.
    """
    lines = []
    for role in ROLES:
        name = f"xiongichat_{role}"
        options = "LOGIN REPLICATION" if role == "backup" else "LOGIN"
        lines.append(
            f"SELECT 'CREATE ROLE {name}' "  # noqa: S608 - fixed names
            f"WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec"
        )
        lines.append(f"ALTER ROLE {name} {options} PASSWORD {_literal(passwords[role].reveal())};")
    lines += [
        "ALTER ROLE xiongichat_app SET synchronous_commit = on;",  # where the server's own default is less
        "GRANT pg_read_all_data TO xiongichat_backup;",
        "GRANT pg_monitor, pg_use_reserved_connections TO xiongichat_monitor;",
        f"SELECT 'CREATE DATABASE {DATABASE} OWNER xiongichat_owner' "  # noqa: S608 - fixed names
        f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec",
        f"ALTER DATABASE {DATABASE} OWNER TO xiongichat_owner;",  # where its image made it
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO xiongichat_app, xiongichat_backup, xiongichat_monitor;",
    ]
    return "\n".join(lines).encode()


def database_script() -> bytes:
    """The extension, and what the app may do with the owner's tables."""
    tables = "ALTER DEFAULT PRIVILEGES FOR ROLE xiongichat_owner IN SCHEMA public"
    return "\n".join(
        [
            "SET client_min_messages = warning;",
            "CREATE EXTENSION IF NOT EXISTS vector;",
            "ALTER SCHEMA public OWNER TO xiongichat_owner;",
            "GRANT USAGE ON SCHEMA public TO xiongichat_app;",
            f"{tables} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO xiongichat_app;",
            f"{tables} GRANT USAGE ON SEQUENCES TO xiongichat_app;",
        ]
    ).encode()


async def answers(run: RunTool) -> bool:
    """Whether the server takes queries; it listens before it does."""
    return (await _psql(run, "postgres", b"SELECT 1;")).exit_code == 0


async def provision(run: RunTool, passwords: Mapping[str, Secret]) -> None:
    """Makes roles, database and extension; safe to repeat.

    Raises:
        PlatformError: the server refuses.
    """
    for database, script in (("postgres", server_script(passwords)), (DATABASE, database_script())):
        done = await _psql(run, database, script)
        if done.exit_code != 0:
            raise PlatformError(f"preparing the database {database} failed: {done.stderr.strip()[-500:]}")


async def open_to_monitor(run: RunTool) -> None:
    """Lets the monitoring role read what is no message of anybody: schema revisions and knowledge.

    Called once the tables are there; safe to repeat.

    Raises:
        PlatformError: the server refuses.
    """
    script = "GRANT SELECT ON schema_revisions, knowledge TO xiongichat_monitor;"
    done = await _psql(run, DATABASE, script.encode())
    if done.exit_code != 0:
        raise PlatformError(f"opening tables to the monitoring role failed: {done.stderr.strip()[-500:]}")


async def keep_log(run: RunTool, *, wanted: bool) -> None:
    """Makes the server keep its log for a receiver, anew where it had cut it off; or not any more.

    Raises:
        PlatformError: the server refuses.
    """
    name, lost = _literal(WAL_SLOT), "" if not wanted else " AND wal_status = 'lost'"
    drop = f"SELECT pg_drop_replication_slot({name}) FROM pg_replication_slots "  # noqa: S608 - fixed name
    drop += f"WHERE slot_name = {name} AND NOT active{lost};"
    make = f"SELECT pg_create_physical_replication_slot({name}, true) "
    make += f"WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = {name});"
    done = await _psql(run, "postgres", f"{drop}\n{make if wanted else ''}".encode())
    if done.exit_code != 0:
        raise PlatformError(f"keeping the write-ahead log failed: {done.stderr.strip()[-500:]}")


async def mark_restore_point(run: RunTool, name: str) -> None:
    """Writes a named point into the WAL, to which a restore can go back.

    Args:
        run: see `RunTool`.
        name: letters, digits and `-`, at most 63.

    Raises:
        PlatformError: the server refuses.
    """
    done = await _psql(run, "postgres", f"SELECT pg_create_restore_point({_literal(name)});".encode())
    if done.exit_code != 0:
        raise PlatformError(f"no restore point before the migration: {done.stderr.strip()[-500:]}")


async def _psql(run: RunTool, database: str, script: bytes) -> TaskResult:
    argv = ["psql", "-d", database, "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-qAt"]
    return await run("postgres", argv, script)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
