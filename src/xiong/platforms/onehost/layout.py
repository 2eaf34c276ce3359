"""Where everything of one copy lies: the state folder, named once for all modules of this platform."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths below one state folder.

    Attributes:
        root: the state folder, absolute.
        store_root: where the data stores' own folders lie; elsewhere when `root` is closed to the
            system user that runs the database.
    """

    root: Path
    store_root: Path

    @property
    def deployment_id(self) -> str:
        """Names this copy among all that run on the machine."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def records(self) -> Path:
        return self.root / "records"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def small_disk(self) -> Path:
        """Where a drill mounts a small file system of its own, to fill it."""
        return self.logs / "drill"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def environments(self) -> Path:
        return self.root / "venvs"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def holds(self) -> Path:
        """A file here keeps the replica of that name from being ready: started, not yet admitted."""
        return self.root / "holds"

    @property
    def proxy(self) -> Path:
        return self.root / "proxy"

    @property
    def database(self) -> Path:
        return self.store_root / "postgres"

    @property
    def wal(self) -> Path:
        """Where commits wait to be sealed, outside the data folder, so that both are not lost together."""
        return self.store_root / "wal"

    @property
    def backups(self) -> Path:
        """The repository that is used where none is set."""
        return self.root / "backups"

    @property
    def restores(self) -> Path:
        """Data folders beside the live one: restored and not in place yet, or kept after an exchange."""
        return self.store_root / "restores"

    @property
    def database_programs(self) -> Path:
        """A copy of PostgreSQL's programs, made only where the wheel's own cannot be read."""
        return self.store_root / "postgres-programs"

    @property
    def cache(self) -> Path:
        return self.root / "valkey"

    @property
    def monitoring(self) -> Path:
        """Configuration, targets and data of Prometheus and Alertmanager."""
        return self.root / "monitoring"

    @property
    def effective_settings(self) -> Path:
        """The settings that the last `up` ran with, for the tool's own processes; it may hold secrets."""
        return self.secrets / "settings.toml"

    @property
    def ports(self) -> Path:
        return self.root / "ports.json"

    def make(self) -> None:
        """Makes the folders that are missing; secrets are for us alone."""
        for folder in (self.root, self.store_root):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711)  # the database's user must pass through, nobody may look around
        for folder in (self.secrets, self.records, self.spool):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        for folder in (
            self.logs,
            self.holds,
            self.releases,
            self.environments,
            self.proxy,
            self.cache,
            self.monitoring,
        ):
            folder.mkdir(exist_ok=True)


def open_to_others(folder: Path) -> bool:
    """Whether another system user may reach `folder` (every folder above it lets others through)."""
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    return all(p.stat().st_mode & 0o001 for p in (existing, *existing.parents))


def layout_for(state: Path) -> Layout:
    """The layout of the copy that lives in `state`.

    As root the database runs as another user; when that user cannot reach `state` (a clone below
    /root), its files go to /var/lib/xiong under a name made from the path.
    """
    root = state.absolute()
    settled = (root / "postgres" / "PG_VERSION").is_file()
    if os.geteuid() != 0 or settled or open_to_others(root):
        return Layout(root, root)
    return Layout(root, Path("/var/lib/xiong") / Layout(root, root).deployment_id)
