"""The database's part of a set: files, what is in them, and once a week a dump."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from xiong.config.settings import Settings
from xiong.datastores import postgres_backup, postgres_facts
from xiong.datastores.postgres_facts import ServerFacts
from xiong.datastores.postgres_tools import connect, environment
from xiong.errors import XiongError
from xiong.model.backup import Contents, Manifest
from xiong.operations.backup import lsn
from xiong.operations.backup.base_manifest import Catcher, Range, log_range
from xiong.operations.backup.contents import count
from xiong.operations.backup.making import Making
from xiong.operations.backup.reading import read_object
from xiong.operations.backup.wal import Shipper
from xiong.operations.backup.writing import at_once
from xiong.tools import piping
from xiong.tools.clock import wait_for
from xiong.tools.store_access import StoreAccess

BASE, BASE_MANIFEST, CONTENTS, DUMP = "base.tar", "backup_manifest", "contents.json", "database.dump"
_SHIP_SECONDS, _SHIP_EVERY = 120.0, 0.2


@dataclass(frozen=True)
class Counted:
    """What the database held at the end.

    Attributes:
        contents: tables.
        revision: of the schema.
        point: position of the restore point.
    """

    contents: Contents
    revision: str
    point: str


async def log_leaves(superuser: StoreAccess, settings: Settings) -> bool:
    """Whether the write-ahead log reaches the repositories by itself, so that the files need not hold it."""
    if settings.archives_log:
        return True
    receiver = await postgres_facts.receiving(superuser)
    return receiver is not None and receiver.active


async def base(
    making: Making, access: StoreAccess, facts: ServerFacts, parent: Manifest | None, *, fetch_wal: bool
) -> tuple[Range, datetime]:
    """The files; (which log they need, the server's time when they were all read).

    Raises:
        PipeError: pg_basebackup failed.
    """
    earlier = await read_object(making.repositories[0], making.keys, parent, BASE_MANIFEST) if parent else b""
    catcher = Catcher()
    with _readable(earlier, access) as (descriptor, path):
        name = path if parent else None
        argv = postgres_backup.base(access, making.id, fetch_wal=fetch_wal, earlier_manifest=name)
        passed = () if descriptor is None else (descriptor,)
        async with piping.source(argv, environment=environment(access), pass_fds=passed) as chunks:
            await making.add(BASE, catcher.watch(chunks), 0 if parent else facts.data_bytes)
    await making.add(BASE_MANIFEST, at_once(catcher.manifest))
    return log_range(catcher.manifest), await postgres_facts.server_time(access)


async def counted(making: Making, superuser: StoreAccess, *, marks: bool) -> Counted:
    """Counts at a restore point of the set's own name; without the log rows may come meanwhile."""
    if not marks:
        connection = await connect(superuser)
        try:
            contents = await count(connection, exact=False)
            found = Counted(contents, await postgres_facts.revision(connection), "")
        finally:
            await connection.close()
    else:
        async with postgres_facts.moment(superuser, making.id) as moment:
            contents = await count(moment.view, exact=moment.exact)
            found = Counted(contents, await postgres_facts.revision(moment.view), moment.lsn)
    await making.add_document(CONTENTS, found.contents)
    return found


async def dump(making: Making, access: StoreAccess) -> None:
    """What another major version can read.

    Raises:
        PipeError: pg_dump failed.
    """
    argv = postgres_backup.dump(access)
    async with piping.source(argv, environment=environment(access)) as chunks:
        await making.add(DUMP, chunks)


async def ship_through(making: Making, superuser: StoreAccess, facts: ServerFacts, point: str) -> None:
    """Returns once every repository has the log up to that point.

    Raises:
        DeadlineError: it does not come.
    """
    await postgres_facts.switch_segment(superuser)
    segment = lsn.segment(facts.timeline, lsn.number(point), facts.segment_bytes)
    spool = await making.platform.stores.wal_spool()
    shipper = Shipper(spool, making.repositories, making.keys, facts.system_id, facts.segment_bytes)

    async def there() -> bool:
        # Another process may ship it too; then nothing of it ever lies in our sight.
        return (await shipper.ship()).stored >= lsn.number(point) or await shipper.stored(segment)

    await wait_for(
        there,
        what=f"the write-ahead log up to {point} in every repository",
        seconds=_SHIP_SECONDS,
        every=_SHIP_EVERY,
        clock=making.clock,
        hint="xiong health wal",
    )


@contextmanager
def _readable(content: bytes, access: StoreAccess) -> Iterator[tuple[int | None, str]]:
    """(descriptor to pass on, path) of a file for a tool that only takes a path.

    It has no name and no disk, but where the tool does not see what is ours: the names and sizes of the
    database's files then lie in the shared folder while it runs.
    """
    if access.shared is not None:
        with tempfile.NamedTemporaryFile(dir=access.shared, prefix="manifest-") as file:
            file.write(content)
            file.flush()
            yield None, file.name
        return
    try:
        descriptor = os.memfd_create("backup_manifest")
    except OSError as error:
        raise XiongError(f"no file in memory can be made: {error.strerror}") from error
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        yield descriptor, f"/dev/fd/{descriptor}"
    finally:
        os.close(descriptor)
