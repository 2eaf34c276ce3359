"""One copy as a Compose project: its name, folders, users, addresses, and which image each slot runs."""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms import shipped
from xiong.platforms.compose.network import Network
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports
from xiong.tools import files

_SERVICE_USER = (10001, 10001)
_DATABASE_USER = (999, 999)  # of the official image
_SOCKET = Path("/var/run/docker.sock")


@dataclass(frozen=True)
class Slot:
    """What one container of a release is made from.

    Attributes:
        release: id.
        image: reference of its image.
        setup: changes with everything that it is started with.
    """

    release: str
    image: str
    setup: str


@dataclass(frozen=True)
class Project:
    """A copy as Docker sees it.

    Attributes:
        settings: what holds now.
        layout: its folders on this machine.
        network: its addresses.
        proxy_port, console_port: what is published.
    """

    settings: Settings
    layout: Layout
    network: Network
    proxy_port: int
    console_port: int

    @property
    def name(self) -> str:
        return f"xiong-{self.layout.deployment_id[:10]}"

    @property
    def folder(self) -> Path:
        """What is rendered for Compose."""
        return self.layout.root / "compose"

    @property
    def environment(self) -> Path:
        return self.folder / "project.env"

    @property
    def override(self) -> Path:
        return self.folder / "override.json"

    @property
    def database_user(self) -> tuple[int, int]:
        """As whom PostgreSQL runs: the one of its image, or we, where we may not give it files."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        found = files.read_json(self.folder / "database-user.json") or {}
        uid, gid = found.get(self.settings.compose.postgres_image, _DATABASE_USER)
        return int(uid), int(gid)

    def keep_database_user(self, user: tuple[int, int]) -> None:
        """From now on PostgreSQL of that image runs as that one."""
        files.write_json(self.folder / "database-user.json", {self.settings.compose.postgres_image: user})

    @property
    def published(self) -> Path:
        """What the service reads of the secrets."""
        return self.layout.root / "service"

    @property
    def database_files(self) -> Path:
        """What PostgreSQL and the receiver of its log read at their start."""
        return self.layout.root / "database"

    @property
    def cache_files(self) -> Path:
        return self.layout.root / "cache"

    @property
    def compose_files(self) -> list[Path]:
        """In the order in which they are merged."""
        named = ["compose.yaml", *(["compose.monitoring.yaml"] if self.settings.monitoring.enabled else [])]
        return [*(shipped.docker() / name for name in named), self.override]

    def container(self, service: str) -> str:
        """The name of a service's only container."""
        return f"{self.name}-{service}-1"

    def slots(self) -> dict[str, Slot]:
        """{instance: what it is made from} of all that were started and not stopped."""
        return {
            name: Slot(**slot) for name, slot in (files.read_json(self.folder / "slots.json") or {}).items()
        }

    def keep_slots(self, slots: dict[str, Slot]) -> None:
        files.write_json(self.folder / "slots.json", {name: asdict(slot) for name, slot in slots.items()})

    def make(self) -> None:
        """Makes the folders that are missing, each for the user that reads or writes it."""
        self.layout.make()
        self.layout.holds.chmod(0o755)
        for folder in (self.folder, self.layout.backups):
            folder.mkdir(exist_ok=True)
        for folder in (self.layout.database, self.layout.wal, self.database_files):
            folder.mkdir(parents=True, exist_ok=True)
            give(folder, self.database_user, 0o700)
        for folder in (
            self.published,
            self.published.with_name("owner"),
            self.cache_files,
            self.layout.cache,
            self.layout.proxy,
            self.layout.spool,
        ):
            folder.mkdir(exist_ok=True)
            give(folder, service_user(), 0o700)


def service_user() -> tuple[int, int]:
    """As whom the service, the proxy and the cache run: never as root."""
    return _SERVICE_USER if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def reader() -> tuple[int, int] | None:
    """To whom a file of the service must be given; None where it is ours anyway."""
    return service_user() if os.geteuid() == 0 else None


def give(path: Path, user: tuple[int, int], mode: int) -> None:
    """Makes `user` the owner, where we may."""
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, *user)


def socket() -> Path:
    """Where the engine listens.

    Raises:
        PlatformError: it is reached otherwise than by a socket of this machine.
    """
    address = os.environ.get("DOCKER_HOST", "")
    if address and not address.startswith("unix://"):
        raise PlatformError(
            f"DOCKER_HOST is {address}: the Compose platform needs an engine on this machine",
            hint="unset DOCKER_HOST",
        )
    return Path(address.removeprefix("unix://")) if address else _SOCKET


def docker_group() -> int:
    """The group that may speak to the engine."""
    path = socket()
    return path.stat().st_gid if path.exists() and stat.S_ISSOCK(path.stat().st_mode) else 0


def project_for(settings: Settings, layout: Layout, network: Network, ports: Ports) -> Project:
    """The project of a copy."""
    return Project(settings, layout, network, ports.proxy, ports.console)
