"""Builds argument lists and environments; nothing here runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xiong.config.settings import CacheSettings, DatabaseSettings, Settings
from xiong.platforms.local.layout import Layout
from xiong.platforms.local.programs import Programs

BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONUNBUFFERED": "1",
}
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


def postgres(programs: Path, data: Path, port: int, settings: DatabaseSettings) -> list[str]:
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
    }
    flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), *flags]


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


def valkey_configuration(folder: Path, port: int, password: str, settings: CacheSettings) -> str:
    """The server's file; the password stands here and not on the command line, which `ps` shows."""
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            "protected-mode yes",
            f"requirepass {password}",
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
