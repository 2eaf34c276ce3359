"""A small platform with a real database, its log received, and a real cache: enough to back up and verify."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import redis.asyncio

from servers import (
    Postgres,
    Valkey,
    eventually,
    postgres_binaries,
    postgres_server,
    valkey_binary,
    valkey_server,
)
from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.datastores import postgres_facts
from xiong.model.lease import Lease
from xiong.platforms.local import commands
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.clock import SystemClock
from xiong.tools.store_access import WAL_SLOT, StoreAccess

SETTINGS = Settings()
CLOCK = SystemClock()


def silent(line: str) -> None:
    """Nobody wants to know."""


@dataclass
class Vault:
    """As much of a platform, and of its `stores`, as backups look at."""

    name = "local"

    root: Path
    postgres: Postgres | None = None
    valkey: Valkey | None = None
    secrets: dict[str, Secret] = field(default_factory=dict)
    lease: Lease | None = None
    free: int = 1 << 40

    @property
    def records(self) -> FileRecords:
        return FileRecords(self.root / "records")

    @property
    def stores(self) -> Vault:
        return self

    async def kept_secret(self, name: str) -> Secret | None:
        return self.secrets.get(name)

    async def keep_secret(self, name: str, value: Secret) -> None:
        self.secrets[name] = value

    async def take_lease(self, wanted: Lease) -> Lease:
        if self.lease is None or self.lease.token == wanted.token:
            self.lease = wanted
        return self.lease

    async def drop_lease(self, token: str) -> None:
        if self.lease is not None and self.lease.token == token:
            self.lease = None

    async def releases(self) -> list:
        return []

    async def lacks(self, store: str) -> str | None:
        return None if {"postgres": self.postgres, "valkey": self.valkey}[store] else "it is not ours"

    async def access(self, store: str, *, superuser: bool = False) -> StoreAccess:
        if store == "valkey":
            password = Secret(self.valkey.password if self.valkey else "")
            port = self.valkey.port if self.valkey else 1
            return StoreAccess("127.0.0.1", port, "", password, "0", valkey_binary().parent, None)
        password = Secret(self.postgres.password if self.postgres else "")
        port = self.postgres.port if self.postgres else 1
        return StoreAccess("127.0.0.1", port, "postgres", password, "postgres", postgres_binaries(), None)

    async def wal_spool(self) -> Path:
        return _made(self.root / "spool")

    async def named_secrets(self) -> dict[str, Secret]:
        return {"database-app": Secret("word")}

    async def default_repository(self) -> str:
        return f"file://{self.root / 'backups'}"

    async def folder(self, store: str) -> Path:
        return _made(self.root / "data" / store)

    async def free_bytes(self) -> int:
        return self.free

    async def place(self, store: str, name: str) -> Path:
        place = self.root / "room" / f"{store}-{name}"
        shutil.rmtree(place, ignore_errors=True)
        return _made(place)


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def vaulted() -> Iterator[Vault]:
    """Real stores with a little in them, and a receiver of the log, while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="xiong-vault-"))
    try:
        with postgres_server() as postgres, valkey_server() as valkey:
            vault = Vault(folder, postgres, valkey)
            asyncio.run(_fill(vault))
            with _received(vault):
                yield vault
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _fill(vault: Vault) -> None:
    connection = await asyncpg.connect(vault.postgres.url("postgres"))
    await connection.execute("ALTER SYSTEM SET summarize_wal = on")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute(
        "CREATE TABLE said (id bigint PRIMARY KEY, words text);"
        "INSERT INTO said SELECT n, md5(n::text) FROM generate_series(1, 2000) AS n"
    )
    await connection.execute(f"SELECT pg_create_physical_replication_slot('{WAL_SLOT}', true)")
    await connection.close()
    client = redis.asyncio.Redis(port=vault.valkey.port, password=vault.valkey.password)
    await client.set("session:1", "held")
    await client.aclose()


@contextlib.contextmanager
def _received(vault: Vault) -> Iterator[None]:
    access = asyncio.run(vault.access("postgres"))
    argv = commands.receive_wal(access.programs, asyncio.run(vault.wal_spool()), synchronous=False)
    environment = {
        **os.environ,
        "PGHOST": access.host,
        "PGPORT": str(access.port),
        "PGUSER": access.user,
        "PGPASSWORD": access.password.reveal(),
    }
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def active() -> bool:
        found = await postgres_facts.receiving(access)
        return found is not None and found.active

    try:
        asyncio.run(eventually(active, "the log is received"))
        yield
    finally:
        process.terminate()
        process.wait(30)
