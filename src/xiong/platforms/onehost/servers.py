"""How the servers of one machine are set up, and what a release sees; whoever starts them adds where."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from xiong.config.settings import CacheSettings, DatabaseSettings, Settings

_WAL_KEEP = "128MB"  # a base backup without a receiver fetches its log at the end


def database_options(settings: DatabaseSettings) -> dict[str, str]:
    """What PostgreSQL is told, but where it listens."""
    return {
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


def initdb(program: str, data: str, password_file: str) -> list[str]:
    """Makes an empty database."""
    return [
        program,
        f"--pgdata={data}",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
    ]


def replica(python: str, host: str, port: int, drain_seconds: float) -> list[str]:
    """One replica: one process, one worker; scale by replicas."""
    return [
        python,
        "-m",
        "uvicorn",
        "api.main:app",
        f"--host={host}",
        f"--port={port}",
        "--workers=1",
        "--no-access-log",
        "--no-server-header",
        "--timeout-keep-alive=75",
        f"--timeout-graceful-shutdown={max(1, int(drain_seconds))}",
    ]


def flags(options: Mapping[str, str]) -> list[str]:
    """Options as words of a command line."""
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def log_options(settings: Settings, archive: str) -> dict[str, str]:
    """What the server is told about its log, by `backup.wal`; `archive` is where it copies segments to."""
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
            "basic_archive.archive_directory": archive,
            "archive_timeout": f"{wanted.archive_seconds:g}s",
        }
    return found


def valkey_configuration(
    folder: str, port: int, passwords: Sequence[str], settings: CacheSettings, *, bind: str = "127.0.0.1"
) -> str:
    """The server's file; it takes any of the passwords, told by their digests alone."""
    digests = " ".join(f"#{hashlib.sha256(word.encode()).hexdigest()}" for word in passwords)
    return "\n".join(
        [
            f"bind {bind}",
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


def service_environment(
    settings: Settings,
    secret_files: Mapping[str, str],
    *,
    deployment_id: str,
    spool: str,
    paging_file: str,
    release_id: str,
    public_url: str,
) -> dict[str, str]:
    """What a release sees: the environment contract, secrets as files."""
    return {
        "RELEASE_ID": release_id,
        "ENVIRONMENT": settings.service.environment,
        "RATE_LIMIT": settings.service.rate_limit,
        "RETENTION_DAYS": str(settings.service.retention_days),
        "DATABASE_POOL_SIZE": str(settings.service.database_pool),
        "DEPLOYMENT_ID": deployment_id,
        "SPOOL_DIR": spool,
        "OPENAI_BASE_URL": settings.model.base_url,
        "OPENAI_MODEL": settings.model.name,
        "OPENAI_EMBEDDINGS": "1" if settings.model.embeddings else "0",
        "MODEL_DAILY_TOKENS": str(settings.model.daily_tokens),
        "PUBLIC_URL": settings.paging.public_url or public_url,
        **({"PAGING_FILE": paging_file} if paging_file else {}),
        **({"CONSOLE_URL": settings.console.public_url} if settings.console.public_url else {}),
        **{f"{name}_FILE": file for name, file in secret_files.items()},
    }
