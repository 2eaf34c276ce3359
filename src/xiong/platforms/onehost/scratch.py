"""Second servers for a while: a database or cache on restored data, and the real service on both."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from xiong.config.secrets import Secret
from xiong.config.settings import CacheSettings, Settings
from xiong.errors import PlatformError, XiongError
from xiong.platforms.onehost import servers
from xiong.tools import background, files
from xiong.tools.clock import SystemClock, wait_for
from xiong.tools.http import Http
from xiong.tools.sockets import free_port
from xiong.tools.store_access import StoreAccess

SUPERUSER = "postgres"
DATABASE = "xiongichat"
_HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Start:
    """How a server is started.

    Attributes:
        argv: the command.
        environment: all that it gets.
        run_as: (uid, gid) of the process itself, which needs root; None: as we.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    run_as: tuple[int, int] | None = None


class Starter(Protocol):
    """How this platform starts second servers, on 127.0.0.1 of where the tool is."""

    def room(self) -> Path | None:
        """Where private folders are made that the servers must see; None: anywhere."""
        ...

    def postgres(self, folder: Path, private: Path, options: Mapping[str, str]) -> Start:
        """PostgreSQL on `folder`, which sees `private` too."""
        ...

    def postgres_access(self, private: Path, port: int) -> StoreAccess:
        """As its superuser, through the socket in `private`."""
        ...

    def postgres_owner(self) -> tuple[int, int] | None:
        """Who must own what PostgreSQL reads; None: we."""
        ...

    def valkey(self, folder: Path, configuration: Path) -> Start:
        """Valkey by that configuration, which lies beside `folder`."""
        ...

    def valkey_access(self, port: int, password: Secret) -> StoreAccess: ...

    def service(self, port: int, private: Path, secrets: Sequence[str]) -> Start:
        """One replica of the service on `port`; `private` holds a file of each of `secrets` and its spool."""
        ...


@asynccontextmanager
async def postgres(starter: Starter, folder: Path, options: Mapping[str, str]) -> AsyncIterator[StoreAccess]:
    """A server on that folder, reached without a password through a socket that nobody else can open.

    What the data says of passwords may be from another copy; over TCP they are asked for.
    """
    with_log = folder.with_name(f"{folder.name}.log")
    private = Path(tempfile.mkdtemp(prefix="pg-", dir=starter.room()))
    try:
        hba = private / "hba.conf"
        hba.write_text(_HBA)
        owner = starter.postgres_owner()
        if owner is not None:
            for path in (private, hba):
                os.chown(path, *owner)
        port = free_port()
        more = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(private),
            "hba_file": str(hba),
            **options,
        }
        start = starter.postgres(folder, private, more)
        async with background.running(
            start.argv,
            environment=start.environment,
            log=with_log,
            cwd=folder.parent,
            run_as=start.run_as,
            end_signal=signal.SIGINT,
        ) as process:
            await _listens(process, with_log, private / f".s.PGSQL.{port}")
            yield starter.postgres_access(private, port)
    finally:
        shutil.rmtree(private, ignore_errors=True)
        with_log.unlink(missing_ok=True)


@asynccontextmanager
async def valkey(
    starter: Starter,
    folder: Path,
    inside: str,
    password: Secret,
    settings: CacheSettings,
    options: Mapping[str, str],
) -> AsyncIterator[StoreAccess]:
    """A server on that folder, which it sees as `inside`."""
    port = free_port()
    configuration = folder.with_name(f"{folder.name}.conf")
    log = folder.with_name(f"{folder.name}.log")
    text = servers.valkey_configuration(inside, port, [password.reveal()], settings)
    text += "".join(f"{name} {value}\n" for name, value in options.items())
    files.write_atomic(configuration, text.encode(), owner=_owner_of(folder))
    try:
        start = starter.valkey(folder, configuration)
        async with background.running(
            start.argv, environment=start.environment, log=log, cwd=folder.parent
        ) as process:
            background.still_runs(process, log)
            yield starter.valkey_access(port, password)
    finally:
        configuration.unlink(missing_ok=True)
        log.unlink(missing_ok=True)


@asynccontextmanager
async def service(
    starter: Starter, database: StoreAccess, app: Secret, cache: StoreAccess, settings: Settings
) -> AsyncIterator[str]:
    """One replica of a release on other stores; it calls nobody, since no pager runs beside it."""
    private = Path(tempfile.mkdtemp(prefix="trial-", dir=starter.room()))
    try:
        password, word = quote(app.reveal(), safe=""), quote(cache.password.reveal(), safe="")
        urls = {
            "DATABASE_URL": f"postgresql://xiongichat_app:{password}@127.0.0.1:{database.port}/{database.database}",
            "REDIS_URL": f"redis://:{word}@127.0.0.1:{cache.port}/{cache.database}",
        }
        for name, value in urls.items():
            files.write_atomic(private / name, value.encode())
        (private / "spool").mkdir()
        port, log = free_port(), private / "log"
        start = starter.service(port, private, tuple(urls))
        url = f"http://127.0.0.1:{port}"
        async with background.running(
            start.argv, environment=start.environment, log=log, cwd=private
        ) as process:
            await _ready(process, log, url, settings.deploy.ready_seconds)
            yield url
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _owner_of(folder: Path) -> tuple[int, int] | None:
    found = folder.stat()
    return (found.st_uid, found.st_gid) if os.geteuid() == 0 else None


async def _ready(process: asyncio.subprocess.Process, log: Path, url: str, seconds: float) -> None:
    async with Http(url, timeout_seconds=2, keep_alive=False) as http:

        async def ready() -> bool:
            background.still_runs(process, log)
            answer = await http.request("GET", "/api/v1/ready")
            return answer is not None and answer.status == 200

        try:
            what = "the service on the restored data, ready"
            await wait_for(ready, what=what, seconds=seconds, clock=SystemClock())
        except XiongError as error:
            raise PlatformError(error.message) from error


async def _listens(process: asyncio.subprocess.Process, log: Path, socket: Path) -> None:
    async def seen() -> bool:
        try:
            background.still_runs(process, log)
        except XiongError as error:
            raise PlatformError(f"the scratch database does not start: {error.message}") from error
        return socket.exists()

    await wait_for(seen, what="the scratch database", seconds=120, clock=SystemClock())
