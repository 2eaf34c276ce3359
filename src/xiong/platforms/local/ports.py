"""Which port each part listens on: chosen once, kept in the state folder."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.tools import files

_LOWEST = 20000
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True)
class Ports:
    """The ports of one copy.

    Attributes:
        proxy: where people come in.
        database: PostgreSQL.
        cache: Valkey.
        slots: one for each replica that may ever run; the proxy knows them all from the start.
    """

    proxy: int
    database: int
    cache: int
    slots: tuple[int, ...]


def ports_for(settings: Settings, file: Path) -> Ports:
    """The ports of this copy; those that a setting leaves at 0 are picked once and written to `file`.

    Raises:
        PlatformError: no port is free.
    """
    kept = files.read_json(file) or {}
    wanted = settings.service.max_replicas + 1  # one more for the roll
    slots = list(kept.get("slots", []))[:wanted]
    taken = {*slots, *(kept.get(name, 0) for name in ("proxy", "database", "cache"))}

    def pick() -> int:
        port = _free_port(taken)
        taken.add(port)
        return port

    chosen = Ports(
        proxy=settings.proxy.port or kept.get("proxy") or pick(),
        database=settings.database.port or kept.get("database") or pick(),
        cache=settings.cache.port or kept.get("cache") or pick(),
        slots=(*slots, *(pick() for _ in range(wanted - len(slots)))),
    )
    automatic = {
        "proxy": 0 if settings.proxy.port else chosen.proxy,
        "database": 0 if settings.database.port else chosen.database,
        "cache": 0 if settings.cache.port else chosen.cache,
        "slots": list(chosen.slots),
    }
    if automatic != kept:
        files.write_json(file, automatic)
    return chosen


def owner_of(port: int) -> str | None:
    """Who listens on `port`, in words; None when nobody does."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            try:
                name = psutil.Process(connection.pid).name() if connection.pid else "another user's process"
            except psutil.NoSuchProcess:
                return None
            return f"{name} (pid {connection.pid})" if connection.pid else name
    return None


def _free_port(taken: set[int]) -> int:
    """A free port below the kernel's range for outgoing connections, which would grab it while it idles."""
    try:
        highest = int(_RANGE_FILE.read_text().split()[0]) - 1
    except (OSError, ValueError):
        highest = 32767
    candidates = range(min(_LOWEST, max(1024, highest - 5000)), highest)
    for port in random.sample(candidates, min(len(candidates), 500)):
        if port not in taken and _can_bind(port):
            return port
    raise PlatformError(f"no free port between {candidates.start} and {candidates.stop}", hint="ss -ltn")


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
