"""Starts the receiver of the write-ahead log, by which commits leave the local data folder."""

from __future__ import annotations

import os

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.base import Progress
from xiong.platforms.local import commands, specs
from xiong.platforms.local.database import ServerUser
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.spec import ProcessSpec
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.stores import Stores
from xiong.tools import files
from xiong.tools.store_access import StoreAccess

_PGPASS = "pgpass-backup"


def prepare(settings: Settings, layout: Layout, user: ServerUser) -> None:
    """Makes the folder into which the server itself copies segments, before it starts."""
    if settings.archives_log:
        layout.wal.mkdir(mode=0o700, parents=True, exist_ok=True)
        if user.uid is not None and user.gid is not None:
            os.chown(layout.wal, user.uid, user.gid)


async def start(
    supervisor: SupervisorClient, settings: Settings, layout: Layout, stores: Stores, progress: Progress
) -> None:
    """Starts it where it should run, and stops it where not; the service runs without it."""
    if not settings.streams_log:
        if specs.WAL in {child.name for child in await supervisor.list()}:
            await supervisor.stop(specs.WAL, forget=True)
        return
    access = await stores.access(specs.POSTGRES)
    line = f"{access.host}:{access.port}:*:{access.user}:{access.password.reveal()}\n"
    files.write_atomic(layout.secrets / _PGPASS, line.encode())
    layout.wal.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        status = await supervisor.ensure(_spec(settings, layout, access))
        progress(f"{specs.WAL} runs (pid {status.pid})")
    except PlatformError as error:
        progress(f"the write-ahead log is not received: {error.message}")


def _spec(settings: Settings, layout: Layout, access: StoreAccess) -> ProcessSpec:
    """As the role that may stream and read; its password lies in a file."""
    synchronous = settings.backup.wal == "synchronous"
    return ProcessSpec(
        name=specs.WAL,
        service=specs.WAL,
        argv=tuple(commands.receive_wal(access.programs, layout.wal, synchronous=synchronous)),
        env={
            **commands.BASE_ENVIRONMENT,
            "PGHOST": access.host,
            "PGPORT": str(access.port),
            "PGUSER": access.user,
            "PGPASSFILE": str(layout.secrets / _PGPASS),
        },
        cwd=str(layout.wal),
        log_path=str(layout.logs / f"{specs.WAL}.log"),
        max_restarts=10**6,  # it ends whenever the server is away, and nothing else goes on without it
        stop_grace_s=5,
    )
