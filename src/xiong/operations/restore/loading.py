"""Loads a set's dump into a second, empty server of this copy's own version: the way to a newer major."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from xiong.datastores import postgres, postgres_backup, postgres_facts
from xiong.datastores.postgres_tools import connect, environment, runner
from xiong.errors import PreflightError
from xiong.model.backup import Contents
from xiong.model.documents import from_document
from xiong.operations.backup.contents import count
from xiong.operations.backup.database import CONTENTS, DUMP
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.reading import open_object, read_object
from xiong.operations.backup.writing import Meter
from xiong.operations.restore.choose import Choice
from xiong.operations.restore.replay import Replayed
from xiong.platforms.base import Platform, Progress
from xiong.tools import piping
from xiong.tools.clock import Clock, wait_for
from xiong.tools.store_access import StoreAccess

_SECONDS = 60.0
_OPTIONS = {"archive_mode": "off", "synchronous_standby_names": "", "max_wal_size": "4GB"}


@asynccontextmanager
async def loaded(
    platform: Platform, clock: Clock, progress: Progress, keys: Keys, choice: Choice, folder: Path
) -> AsyncIterator[Replayed]:
    """Runs it while the context is open; afterwards the folder is whole and at rest.

    Raises:
        PipeError: pg_restore refuses the dump.
        PreflightError: a table that was counted in the set is not in it.
    """
    await platform.stores.initialise(folder)
    async with platform.stores.scratch("postgres", folder, _OPTIONS) as access:
        run = runner(access)
        await wait_for(lambda: postgres.answers(run), what="an empty database", seconds=_SECONDS, clock=clock)
        passwords = {role: await platform.secret(f"database-{role}") for role in postgres.ROLES}
        await postgres.provision(run, passwords)
        await _load(clock, progress, keys, choice, access)
        connection = await connect(access)
        try:
            await connection.execute("ANALYZE")
            contents = await count(connection, exact=True)
            revision = await postgres_facts.revision(connection)
        finally:
            await connection.close()
        await _as_named(keys, choice, contents)
        yield Replayed(access, contents, revision, None)


async def _load(clock: Clock, progress: Progress, keys: Keys, choice: Choice, access: StoreAccess) -> None:
    size = next(part.plain_bytes for part in choice.last.objects if part.name == DUMP)
    stream = open_object(choice.repository, keys, choice.last, DUMP)
    chunks = Meter(clock, progress, size).through(f"{choice.last.id} {DUMP}", stream)
    argv = postgres_backup.load(access)
    async with piping.sink(argv, environment=environment(access)) as tool:
        async for chunk in chunks:
            tool.write(chunk)
            await tool.drain()


async def _as_named(keys: Keys, choice: Choice, found: Contents) -> None:
    """Rows may have come between the counting and the dump, tables not.

    Raises:
        PreflightError: one is missing.
    """
    document = orjson.loads(await read_object(choice.repository, keys, choice.last, CONTENTS))
    expected = {table.name for table in from_document(Contents, document).tables}
    missing = sorted(expected - {table.name for table in found.tables})
    if missing:
        raise PreflightError(
            f"the dump of {choice.last.id} holds no table {', '.join(missing)}",
            hint=f"xiong backup verify {choice.last.id}",
        )
