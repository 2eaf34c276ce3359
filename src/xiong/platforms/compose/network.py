"""The copy's own addresses: one /24 that nobody uses, chosen once, with a fixed place for every container.

Fixed, since the proxy knows each replica's slot from its start and asks it by itself; a name that does not
resolve yet would be asked of the outside world's name servers five times a second.
"""

from __future__ import annotations

import ipaddress
import random
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

from xiong.config.compose import ComposeSettings
from xiong.errors import ConfigurationError, PlatformError
from xiong.platforms.compose import commands, engine
from xiong.platforms.onehost.addresses import Addresses
from xiong.tools import files

_FRONT = {"proxy": 10, "console": 11, "watch": 12, "prometheus": 13, "alertmanager": 14, "grafana": 15}
_BACK = {"postgres": 140, "valkey": 141, "watch": 142, "prometheus": 143, "console": 144, "wal": 145}
_BACK |= {"postgres-exporter": 146, "redis-exporter": 147}
_HINT = 'compose.subnet = "10.213.7.0/24"'
API_PORT, PAGER_PORT, PROXY_PORT, PROXIED_CONSOLE_PORT = 8000, 8001, 8080, 8081
WATCH_PORT, CONSOLE_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT = 9108, 8081, 9090, 9093


@dataclass(frozen=True)
class Network:
    """Where each container of a copy is.

    Attributes:
        prefix: the first three numbers, e.g. `10.213.7`.
    """

    prefix: str

    @property
    def front_subnet(self) -> str:
        return f"{self.prefix}.0/25"

    @property
    def back_subnet(self) -> str:
        return f"{self.prefix}.128/25"

    def front(self, service: str) -> str:
        """The address among those that the proxy reaches."""
        return f"{self.prefix}.{_place(service, _FRONT, pager=20, api=30)}"

    def back(self, service: str) -> str:
        """The address among those that the data stores reach."""
        return f"{self.prefix}.{_place(service, _BACK, pager=150, api=160)}"

    @property
    def stores(self) -> Addresses:
        return Addresses((self.back("postgres"), 5432), (self.back("valkey"), 6379))


def _place(service: str, fixed: dict[str, int], *, pager: int, api: int) -> int:
    name, _, slot = service.rpartition("-")
    return {"pager": pager, "api": api}[name] + int(slot) if name in {"pager", "api"} else fixed[service]


def kept(file: Path) -> Network | None:
    """What an earlier `up` chose."""
    document = files.read_json(file)
    return Network(document["prefix"]) if document else None


async def choose(settings: ComposeSettings, file: Path) -> Network:
    """The kept one, the one that the settings name, or a free one, which is kept from now on.

    Raises:
        ConfigurationError: the setting is no /24.
        PlatformError: none is free.
    """
    found = kept(file)
    if settings.subnet:
        found = Network(_named(settings.subnet))
    if found is None:
        found = await _free()
    files.write_json(file, {"prefix": found.prefix})
    return found


def _named(subnet: str) -> str:
    try:
        network = ipaddress.IPv4Network(subnet)
    except ValueError as error:
        raise ConfigurationError(f"compose.subnet is no network: {subnet}", hint=_HINT) from error
    if network.prefixlen != 24:
        raise ConfigurationError(f"compose.subnet is a /{network.prefixlen}: expected a /24", hint=_HINT)
    return str(network.network_address).rpartition(".")[0]


async def _free() -> Network:
    taken = [*await _of_the_engine(), *_of_the_machine()]
    candidates = [f"10.{second}.{third}" for second in range(200, 224) for third in range(256)]
    for prefix in random.sample(candidates, len(candidates)):
        mine = ipaddress.IPv4Network(f"{prefix}.0/24")
        if not any(mine.overlaps(other) for other in taken):
            return Network(prefix)
    raise PlatformError("no /24 between 10.200.0.0 and 10.223.255.0 is free", hint="docker network prune")


async def _of_the_engine() -> list[ipaddress.IPv4Network]:
    ids = (await engine.call(commands.networks(), "listing networks")).stdout.decode().split()
    if not ids:
        return []
    said = (await engine.call([*commands.subnets(), *ids], "reading networks")).stdout.decode().split()
    return [ipaddress.IPv4Network(word, strict=False) for word in said if ":" not in word]


def _of_the_machine() -> list[ipaddress.IPv4Network]:
    addresses = (one for of_one in psutil.net_if_addrs().values() for one in of_one)
    return [
        ipaddress.IPv4Network(f"{one.address}/{one.netmask}", strict=False)
        for one in addresses
        if one.family is socket.AF_INET and one.netmask
    ]
