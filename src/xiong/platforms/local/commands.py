"""Builds argument lists and environments; nothing here runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xiong.config.settings import DatabaseSettings
from xiong.platforms.local.programs import Programs
from xiong.platforms.onehost import servers
from xiong.tools.store_access import WAL_SLOT

BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONUNBUFFERED": "1",
}
SUPERUSER = "postgres"
DATABASE = "xiongichat"


def initdb(programs: Path, data: Path, password_file: Path) -> list[str]:
    return servers.initdb(str(programs / "initdb"), str(data), str(password_file))


def postgres(
    programs: Path,
    data: Path,
    port: int,
    settings: DatabaseSettings,
    log_options: Mapping[str, str] | None = None,
) -> list[str]:
    """The server.

    Args:
        programs, data, port, settings: of this copy.
        log_options: further options, about the write-ahead log; see `servers.log_options`.
    """
    options = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        **servers.database_options(settings),
        **(log_options or {}),
    }
    return [str(programs / "postgres"), "-D", str(data), *servers.flags(options)]


def receive_wal(programs: Path | None, folder: Path, *, synchronous: bool) -> list[str]:
    """The receiver of the write-ahead log: it writes what comes into a folder."""
    return [
        str(programs / "pg_receivewal") if programs else "pg_receivewal",
        f"--directory={folder}",
        f"--slot={WAL_SLOT}",
        "--status-interval=1",
        "--no-password",
        *(["--synchronous"] if synchronous else []),
    ]


def psql(programs: Path, database: str = DATABASE) -> list[str]:
    return [str(programs / "psql"), "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-d", database]


def database_client_environment(port: int, password: str) -> dict[str, str]:
    """How psql, pg_dump and the like find the server, as its superuser."""
    return {
        **BASE_ENVIRONMENT,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": password,
        "PGCONNECT_TIMEOUT": "5",
    }


def valkey(program: Path, configuration: Path) -> list[str]:
    return [str(program), str(configuration)]


def caddy(program: Path, configuration: Path) -> list[str]:
    return [str(program), "run", "--config", str(configuration)]


def replica(python: Path, port: int, drain_seconds: float) -> list[str]:
    """One replica, on the loopback."""
    return servers.replica(str(python), "127.0.0.1", port, drain_seconds)


def pager(python: Path) -> list[str]:
    """The process that sends pages."""
    return [str(python), "-m", "api.pager"]


def watch(python: Path, settings: Path, state: Path, port: int) -> list[str]:
    """`xiong watch`, with the settings that the last `up` ran with."""
    words = [f"--config={settings}", f"--state={state}", "watch", f"--port={port}"]
    return [str(python), "-m", "xiong", *words]


def console(python: Path, settings: Path, state: Path) -> list[str]:
    """`xiong console`, with the settings that the last `up` ran with."""
    return [str(python), "-m", "xiong", f"--config={settings}", f"--state={state}", "console"]


def prometheus(program: Path, folder: Path, port: int) -> list[str]:
    """An alert of the first seconds, before it has found Alertmanager, is sent again soon."""
    return [
        str(program),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        "--storage.tsdb.retention.time=15d",
        "--storage.tsdb.retention.size=512MB",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=15s",
    ]


def alertmanager(program: Path, file: Path, folder: Path, port: int) -> list[str]:
    """One alone: no gossip with others."""
    return [
        str(program),
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]


def release_environment(seen: Mapping[str, str], site: Path) -> dict[str, str]:
    """What a process of a release gets: where its code lies, and what `servers.service_environment` says."""
    return {**BASE_ENVIRONMENT, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", **seen}


def build_wheel(programs: Programs, python: Path, source: Path, out: Path) -> list[str]:
    return [
        str(programs.uv),
        "build",
        "--wheel",
        "--no-build-isolation",
        f"--python={python}",
        f"--out-dir={out}",
        str(source),
    ]


def make_environment(programs: Programs, python: Path, folder: Path) -> list[str]:
    return [str(programs.uv), "venv", "--quiet", f"--python={python}", str(folder)]


def install_locked(programs: Programs, python: Path, lock: Path) -> list[str]:
    return [
        str(programs.uv),
        "pip",
        "install",
        "--quiet",
        f"--python={python}",
        "--require-hashes",
        "--compile-bytecode",
        "-r",
        str(lock),
    ]


def install_wheel(programs: Programs, python: Path, wheel: Path, site: Path) -> list[str]:
    return [
        str(programs.uv),
        "pip",
        "install",
        "--quiet",
        f"--python={python}",
        "--no-deps",
        "--compile-bytecode",
        f"--target={site}",
        str(wheel),
    ]
