"""How a data store is reached by its client tools; platforms make one, datastores use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xiong.config.secrets import Secret

WAL_SLOT = "xiong_wal"
"""Name of the replication slot: the server keeps what the receiver of its log has not got yet."""


@dataclass(frozen=True)
class StoreAccess:
    """How a store's client tools reach it.

    Attributes:
        host, port: where it listens.
        user: as whom; empty for a cache without users.
        password: of this user.
        database: its database; of a cache its number.
        programs: folder of the store's programs; None: they are on PATH.
        run_as: (uid, gid) that the store's server runs as; None: as we do.
        shared: a folder that its programs see as we do, where they do not see all; None: they see all.
    """

    host: str
    port: int
    user: str
    password: Secret
    database: str
    programs: Path | None
    run_as: tuple[int, int] | None
    shared: Path | None = None
