"""How PostgreSQL's client programs are called: where they lie, and what they must know."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from xiong.datastores.postgres import RunTool
from xiong.errors import PlatformError
from xiong.model.task import TaskResult
from xiong.tools import process
from xiong.tools.store_access import StoreAccess

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TOOL_SECONDS = 300.0


def program(access: StoreAccess, name: str) -> str:
    """The path of a program, or its name where it is on PATH."""
    return str(access.programs / name) if access.programs else name


def environment(access: StoreAccess, database: str = "") -> dict[str, str]:
    """How libpq finds the server; nothing of it stands on a command line, which `ps` shows."""
    return {
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PGHOST": access.host,
        "PGPORT": str(access.port),
        "PGUSER": access.user,
        "PGPASSWORD": access.password.reveal(),
        "PGDATABASE": database or access.database,
        "PGCONNECT_TIMEOUT": "10",
    }


async def connect(access: StoreAccess, database: str = "") -> asyncpg.Connection:
    """A connection of our own.

    Raises:
        PlatformError: it does not answer, or refuses us.
    """
    try:
        return await asyncpg.connect(
            host=access.host,
            port=access.port,
            user=access.user,
            password=access.password.reveal() or None,
            database=database or access.database,
            timeout=10,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise PlatformError(
            f"the database at {access.host}:{access.port} takes no connection ({type(error).__name__})",
            hint="xiong health database",
        ) from error


def runner(access: StoreAccess) -> RunTool:
    """`RunTool` on that server, for what is written for the live one."""

    async def run(_store: str, argv: Sequence[str], stdin: bytes) -> TaskResult:
        done = await process.run(
            [program(access, argv[0]), *argv[1:]],
            environment=environment(access),
            timeout_seconds=_TOOL_SECONDS,
            stdin=stdin,
        )
        printed, complained = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        return TaskResult(done.exit_code, printed, complained, done.seconds)

    return run
