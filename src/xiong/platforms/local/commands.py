"""Builds argument lists and environments; nothing here runs them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from xiong.config.settings import CacheSettings, DatabaseSettings, Settings
from xiong.platforms.local.layout import Layout
from xiong.platforms.local.programs import Programs
from xiong.tools.store_access import WAL_SLOT

BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONUNBUFFERED": "1",
}
_WAL_KEEP = "128MB"  # a base backup without a receiver fetches its log at the end
SUPERUSER = "postgres"
DATABASE = "xiongichat"


def initdb(programs: Path, data: Path, password_file: Path) -> list[str]:
    return [
        str(programs / "initdb"),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
    ]


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
        log_options: further options, about the write-ahead log; see `log_options`.
    """
    options = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": str(settings.max_connections),
        "reserved_connections": "3",  # for the monitoring role, which must see who took the others
        "password_encryption": "scram-sha-256",
        "wal_level": "replica",
        "idle_in_transaction_session_timeout": "60s",
        "log_min_error_statement": "panic",  # a failed statement carries what people wrote
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",  # details quote rows
        "log_line_prefix": "%m [%p] ",
        **(log_options or {}),
    }
    flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), *flags]


def log_options(settings: Settings, layout: Layout) -> dict[str, str]:
    """What the server is told, as `backup.wal` has it."""
    wanted = settings.backup
    found = {
        "summarize_wal": "on",  # increments need it
        "wal_keep_size": _WAL_KEEP,
        "max_slot_wal_keep_size": f"{wanted.slot_keep_mb}MB",
        # A receiver that hangs is told of its end for ever, and the checkpointer waits for that.
        "tcp_user_timeout": "60s",
    }
    if settings.streams_log and wanted.wal == "synchronous":
        # Only the service's commits wait, by a setting of its role: what prepares the receiver must not.
        found |= {"synchronous_standby_names": "pg_receivewal", "synchronous_commit": "local"}
    if settings.archives_log:
        found |= {
            "archive_mode": "on",
            "archive_library": "basic_archive",
            "basic_archive.archive_directory": str(layout.wal),
            "archive_timeout": f"{wanted.archive_seconds:g}s",
        }
    return found


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


def valkey_configuration(folder: Path, port: int, passwords: Sequence[str], settings: CacheSettings) -> str:
    """The server's file; it takes any of the passwords, told by their digests alone."""
    digests = " ".join(f"#{hashlib.sha256(word.encode()).hexdigest()}" for word in passwords)
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            "protected-mode yes",
            f"user default on {digests} ~* &* +@all",
            f'dir "{folder}"',
            "appendonly yes",
            "appendfsync everysec",
            f"maxmemory {settings.max_memory}",
            "maxmemory-policy noeviction",
            "repl-diskless-sync-delay 0",
            "daemonize no",
            "",
        ]
    )


def valkey(program: Path, configuration: Path) -> list[str]:
    return [str(program), str(configuration)]


def caddy(program: Path, configuration: Path) -> list[str]:
    return [str(program), "run", "--config", str(configuration)]


def replica(python: Path, port: int, drain_seconds: float) -> list[str]:
    """One replica: one process, one worker; scale by replicas."""
    return [
        str(python),
        "-m",
        "uvicorn",
        "api.main:app",
        "--host=127.0.0.1",
        f"--port={port}",
        "--workers=1",
        "--no-access-log",
        "--no-server-header",
        "--timeout-keep-alive=75",
        f"--timeout-graceful-shutdown={max(1, int(drain_seconds))}",
    ]


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


def service_environment(
    settings: Settings,
    layout: Layout,
    secret_files: Mapping[str, Path],
    *,
    site: Path,
    release_id: str,
    public_url: str,
) -> dict[str, str]:
    """What a release sees: the environment contract, secrets as files."""
    paging = settings.paging.file
    return {
        **BASE_ENVIRONMENT,
        "PYTHONPATH": str(site),
        "PYTHONDONTWRITEBYTECODE": "1",
        "RELEASE_ID": release_id,
        "ENVIRONMENT": settings.service.environment,
        "RATE_LIMIT": settings.service.rate_limit,
        "RETENTION_DAYS": str(settings.service.retention_days),
        "DATABASE_POOL_SIZE": str(settings.service.database_pool),
        "DEPLOYMENT_ID": layout.deployment_id,
        "SPOOL_DIR": str(layout.spool),
        "OPENAI_BASE_URL": settings.model.base_url,
        "OPENAI_MODEL": settings.model.name,
        "OPENAI_EMBEDDINGS": "1" if settings.model.embeddings else "0",
        "MODEL_DAILY_TOKENS": str(settings.model.daily_tokens),
        "PUBLIC_URL": settings.paging.public_url or public_url,
        **({"PAGING_FILE": str(paging.absolute())} if paging else {}),
        **({"CONSOLE_URL": settings.console.public_url} if settings.console.public_url else {}),
        **{f"{name}_FILE": str(file) for name, file in secret_files.items()},
    }


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
