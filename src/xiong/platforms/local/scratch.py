"""Second servers for a while: a database or cache on restored data, and the real service on both."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from xiong.config.secrets import Secret
from xiong.config.settings import CacheSettings, DatabaseSettings, Settings
from xiong.errors import PlatformError, XiongError
from xiong.platforms.local import commands, specs
from xiong.tools import background, files
from xiong.tools.clock import SystemClock, wait_for
from xiong.tools.http import Http
from xiong.tools.sockets import free_port
from xiong.tools.store_access import StoreAccess

_HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@asynccontextmanager
async def postgres(
    folder: Path,
    programs: Path,
    run_as: tuple[int, int] | None,
    settings: DatabaseSettings,
    options: Mapping[str, str],
) -> AsyncIterator[StoreAccess]:
    """A server on that folder, reached without a password through a socket that nobody else can open.

    What the data says of passwords may be from another copy; over TCP they are asked for.
    """
    private = Path(tempfile.mkdtemp(prefix="xiong-pg-"))
    try:
        hba = private / "hba.conf"
        hba.write_text(_HBA)
        if run_as is not None:
            for path in (private, hba):
                os.chown(path, *run_as)
        port = free_port()
        argv = commands.postgres(programs, folder, port, settings)
        more = {"unix_socket_directories": str(private), "hba_file": str(hba), **options}
        argv += [word for name, value in more.items() for word in ("-c", f"{name}={value}")]
        log = folder.with_name(f"{folder.name}.log")
        async with background.running(
            argv,
            environment=commands.BASE_ENVIRONMENT,
            log=log,
            cwd=folder,
            run_as=run_as,
            end_signal=signal.SIGINT,
        ) as process:
            access = StoreAccess(
                str(private), port, commands.SUPERUSER, Secret(""), commands.DATABASE, programs, run_as
            )
            await _listens(process, log, private / f".s.PGSQL.{port}")
            yield access
    finally:
        shutil.rmtree(private, ignore_errors=True)
        folder.with_name(f"{folder.name}.log").unlink(missing_ok=True)


@asynccontextmanager
async def valkey(
    folder: Path, program: Path, password: Secret, settings: CacheSettings, options: Mapping[str, str]
) -> AsyncIterator[StoreAccess]:
    """A server on that folder."""
    port = free_port()
    configuration = folder.with_name(f"{folder.name}.conf")
    log = folder.with_name(f"{folder.name}.log")
    text = commands.valkey_configuration(folder, port, [password.reveal()], settings)
    text += "".join(f"{name} {value}\n" for name, value in options.items())
    files.write_atomic(configuration, text.encode())
    try:
        argv = commands.valkey(program, configuration)
        async with background.running(
            argv, environment=commands.BASE_ENVIRONMENT, log=log, cwd=folder
        ) as process:
            background.still_runs(process, log)
            yield StoreAccess("127.0.0.1", port, "", password, "0", None, None)
    finally:
        configuration.unlink(missing_ok=True)
        log.unlink(missing_ok=True)


@asynccontextmanager
async def service(
    start: specs.Start, database: StoreAccess, app: Secret, cache: StoreAccess, settings: Settings
) -> AsyncIterator[str]:
    """One replica of a release on other stores; it calls nobody, since no pager runs beside it."""
    private = Path(tempfile.mkdtemp(prefix="xiong-trial-"))
    try:
        password, word = quote(app.reveal(), safe=""), quote(cache.password.reveal(), safe="")
        urls = {
            "DATABASE_URL": f"postgresql://xiongichat_app:{password}@127.0.0.1:{database.port}/{database.database}",
            "REDIS_URL": f"redis://:{word}@127.0.0.1:{cache.port}/{cache.database}",
        }
        environment = dict(start.environment)
        for name, value in urls.items():
            files.write_atomic(private / name, value.encode())
            environment[f"{name}_FILE"] = str(private / name)
        port, spool, log = free_port(), private / "spool", private / "log"
        spool.mkdir()
        environment |= {"PORT": str(port), "SPOOL_DIR": str(spool), "HOLD_PATH": str(private / "hold")}
        argv = commands.replica(start.python, port, 1)
        url = f"http://127.0.0.1:{port}"
        async with background.running(argv, environment=environment, log=log, cwd=spool) as process:
            async with Http(url, timeout_seconds=2, keep_alive=False) as http:

                async def ready() -> bool:
                    background.still_runs(process, log)
                    answer = await http.request("GET", "/api/v1/ready")
                    return answer is not None and answer.status == 200

                try:
                    await wait_for(
                        ready,
                        what="the service on the restored data, ready",
                        seconds=settings.deploy.ready_seconds,
                        clock=SystemClock(),
                    )
                except XiongError as error:
                    raise PlatformError(error.message) from error
            yield url
    finally:
        shutil.rmtree(private, ignore_errors=True)


async def _listens(process: asyncio.subprocess.Process, log: Path, socket: Path) -> None:
    async def seen() -> bool:
        try:
            background.still_runs(process, log)
        except XiongError as error:
            raise PlatformError(f"the scratch database does not start: {error.message}") from error
        return socket.exists()

    await wait_for(seen, what="the scratch database", seconds=120, clock=SystemClock())
