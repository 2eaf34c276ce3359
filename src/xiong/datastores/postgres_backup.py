"""Argument lists that take a PostgreSQL out: the whole as files, and as a dump."""

from __future__ import annotations

from xiong.datastores.postgres_tools import program
from xiong.tools.store_access import StoreAccess


def base(access: StoreAccess, label: str, *, fetch_wal: bool, earlier_manifest: str | None) -> list[str]:
    """A base backup as one tar on stdout, with `backup_manifest` as its last member.

    Args:
        access: the server.
        label: stands in `backup_label`.
        fetch_wal: put the WAL that it needs inside, where nothing ships it.
        earlier_manifest: path of the manifest of the backup that this one builds on (PostgreSQL 17 or newer).
    """
    return [
        program(access, "pg_basebackup"),
        "--pgdata=-",
        "--format=tar",
        f"--wal-method={'fetch' if fetch_wal else 'none'}",
        "--checkpoint=fast",
        f"--label={label}",
        "--no-password",
        *([f"--incremental={earlier_manifest}"] if earlier_manifest else []),
    ]


def load(access: StoreAccess) -> list[str]:
    """A dump from stdin into the service's database: all of it, or an error."""
    return [
        program(access, "pg_restore"),
        "--exit-on-error",
        "--single-transaction",
        "--no-password",
        f"--dbname={access.database}",
    ]


def dump(access: StoreAccess) -> list[str]:
    """The service's database in the custom format, not compressed: the sealing does that."""
    return [program(access, "pg_dump"), "--format=custom", "--compress=none", "--no-password"]
