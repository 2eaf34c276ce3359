"""Argument lists that check what a backup holds with the stores' own programs. For `verify` and `restore`."""

from __future__ import annotations

from pathlib import Path

from xiong.datastores.postgres_tools import program
from xiong.tools.store_access import StoreAccess

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}
RDB_CHECKER = "valkey-check-rdb"
"""Under this name the server's program checks a file instead of serving."""


def base_backup(access: StoreAccess, folder: Path, wal: Path | None) -> list[str]:
    """Every file of an unpacked base backup against its manifest, and the log that it needs.

    Args:
        access: where the programs lie.
        folder: the base backup, with `backup_manifest`.
        wal: folder of whole segments; None: they are in the base backup itself.
    """
    return [
        program(access, "pg_verifybackup"),
        "--quiet",
        *([f"--wal-directory={wal}"] if wal else []),
        str(folder),
    ]


def dump(access: StoreAccess) -> list[str]:
    """Reads a whole dump from stdin, and writes nowhere what it would do."""
    return [program(access, "pg_restore"), "--file=/dev/null"]


def cache_program(access: StoreAccess) -> Path:
    """The server's program, to which `RDB_CHECKER` is made a link."""
    return Path(program(access, "valkey-server"))


def snapshot(checker: Path, file: Path) -> list[str]:
    """Reads a whole RDB file."""
    return [str(checker), str(file)]
