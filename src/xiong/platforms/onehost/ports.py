"""Which port each part listens on: chosen once, kept in the state folder."""

from __future__ import annotations

import random
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from xiong.config.settings import (
    CacheSettings,
    ConsoleSettings,
    DatabaseSettings,
    ProxySettings,
    Settings,
    WatchSettings,
)
from xiong.errors import PlatformError
from xiong.platforms.onehost.addresses import Addresses
from xiong.tools import files

_Listening = ProxySettings | DatabaseSettings | CacheSettings | WatchSettings | ConsoleSettings
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
        pagers: where the pager shows its metrics; two, so that the next one starts before the last one ends.
        watch: where `xiong watch` shows its metrics.
        prometheus: Prometheus.
        alertmanager: Alertmanager.
        console: the operators' page.
    """

    proxy: int
    database: int
    cache: int
    slots: tuple[int, ...]
    pagers: tuple[int, int] = (0, 0)
    watch: int = 0
    prometheus: int = 0
    alertmanager: int = 0
    console: int = 0

    @property
    def stores(self) -> Addresses:
        """Where the data stores listen."""
        return Addresses(("127.0.0.1", self.database), ("127.0.0.1", self.cache))


def ports_for(settings: Settings, file: Path) -> Ports:
    """The ports of this copy, kept in `file` so that every verb finds it where it was started.

    A port that a setting names is taken; else the kept one; else the default, or where that is 0 a
    free one.

    Raises:
        PlatformError: no port is free.
    """
    kept = files.read_json(file) or {}
    wanted = settings.service.max_replicas + 1  # one more for the roll
    slots = list(kept.get("slots", []))[:wanted]
    pagers = list(kept.get("pagers", []))
    taken = {*slots, *pagers, *(port for port in kept.values() if isinstance(port, int))}

    def pick() -> int:
        port = _free_port(taken)
        taken.add(port)
        return port

    def of(name: str, section: _Listening) -> int:
        is_named = "port" in section.model_fields_set
        first = section.port if is_named else kept.get(name)
        second = kept.get(name) if is_named else section.port
        return int(first or second or pick())

    chosen = Ports(
        proxy=of("proxy", settings.proxy),
        database=of("database", settings.database),
        cache=of("cache", settings.cache),
        slots=(*slots, *(pick() for _ in range(wanted - len(slots)))),
        pagers=(pagers[0], pagers[1]) if len(pagers) == 2 else (pick(), pick()),
        watch=of("watch", settings.watch),
        prometheus=int(kept.get("prometheus") or pick()),
        alertmanager=int(kept.get("alertmanager") or pick()),
        console=of("console", settings.console),
    )
    document = {**asdict(chosen), "slots": list(chosen.slots), "pagers": list(chosen.pagers)}
    if document != kept:
        files.write_json(file, document)
    return chosen


@dataclass(frozen=True)
class Owner:
    """Who listens on a port; `pid` is None when the system does not tell us."""

    pid: int | None
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})" if self.pid else self.name


def owner_of(port: int) -> Owner | None:
    """Who listens on `port`; None when nobody does."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            try:
                name = psutil.Process(connection.pid).name() if connection.pid else "another user's process"
            except psutil.NoSuchProcess:
                return None
            return Owner(connection.pid, name)
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
