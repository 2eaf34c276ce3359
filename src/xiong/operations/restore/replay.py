"""Lets a second server go forward on fetched data to the target, and prepares it for this copy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xiong.datastores import postgres, postgres_facts, postgres_recovery
from xiong.datastores.postgres_tools import connect, runner
from xiong.errors import DeadlineError, PlatformError
from xiong.model.backup import Contents
from xiong.operations.backup.contents import count
from xiong.operations.restore.choose import Choice
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock, wait_for
from xiong.tools.store_access import StoreAccess

_SECONDS = 3600.0
_NOT_REACHED = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True)
class Replayed:
    """A server that takes writes, at the target.

    Attributes:
        access: as its superuser, through a private socket.
        contents: what it holds.
        revision: of the schema.
        last_commit: see `postgres_recovery.Recovered`.
    """

    access: StoreAccess
    contents: Contents
    revision: str
    last_commit: datetime | None

    @property
    def rows(self) -> int:
        """In all tables."""
        return sum(table.rows for table in self.contents.tables)


@asynccontextmanager
async def replayed(platform: Platform, clock: Clock, choice: Choice, folder: Path) -> AsyncIterator[Replayed]:
    """Runs it while the context is open; afterwards the folder is whole and at rest.

    Raises:
        PlatformError: it does not get to the target.
    """
    point = choice.last.database.restore_point
    options = postgres_recovery.options(choice.target, choice.path[-1].timeline, end_of_set=point)
    async with platform.stores.scratch("postgres", folder, options) as access:
        found = await _forward(access, clock, choice, folder)
        await _prepare(platform, access)
        connection = await connect(access)
        try:
            contents = await count(connection, exact=True)
            revision = await postgres_facts.revision(connection)
        finally:
            await connection.close()
        yield Replayed(access, contents, revision, found.last_commit)


async def _forward(
    access: StoreAccess, clock: Clock, choice: Choice, folder: Path
) -> postgres_recovery.Recovered:
    log = folder.with_name(f"{folder.name}.log")

    async def there() -> postgres_recovery.Recovered | None:
        text = log.read_text(errors="replace") if log.is_file() else ""
        fatal = [
            line for line in text.splitlines() if " FATAL: " in line and "the database system" not in line
        ]
        if fatal:
            raise PlatformError(_words(choice, fatal[-1]), hint="xiong backup list")
        return await postgres_recovery.recovered(access)

    try:
        return await wait_for(there, what="the restored database", seconds=_SECONDS, clock=clock)
    except DeadlineError as error:
        raise PlatformError(f"{error.message}: its replay did not end") from error


def _words(choice: Choice, fatal: str) -> str:
    if _NOT_REACHED in fatal:
        return f"the stored log ends before {choice.target.words}: nothing of that time is restorable"
    return f"the restored database does not start: {fatal.partition('FATAL:')[2].strip()}"


async def _prepare(platform: Platform, access: StoreAccess) -> None:
    """Roles with this copy's passwords, which may be others than those of the time of the set."""
    passwords = {role: await platform.secret(f"database-{role}") for role in postgres.ROLES}
    await postgres.provision(runner(access), passwords)
