"""How the local platform starts second servers: the wheels' programs, and a release's own interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.platforms.local import commands, specs
from xiong.platforms.onehost import scratch, servers
from xiong.tools.store_access import StoreAccess


@dataclass(frozen=True)
class LocalStarter:
    """`scratch.Starter` over plain processes.

    Attributes:
        settings: of the copy.
        database: folder of PostgreSQL's programs.
        cache: Valkey's program.
        run_as: (uid, gid) that PostgreSQL runs as; None: as we.
        release: with what a replica is started; None where none is.
    """

    settings: Settings
    database: Path
    cache: Path
    run_as: tuple[int, int] | None
    release: specs.Start | None = None

    def room(self) -> Path | None:
        return None

    def postgres(self, folder: Path, private: Path, options: Mapping[str, str]) -> scratch.Start:
        wanted = {**servers.database_options(self.settings.database), **options}
        argv = [str(self.database / "postgres"), "-D", str(folder), *servers.flags(wanted)]
        return scratch.Start(argv, commands.BASE_ENVIRONMENT, self.run_as)

    def postgres_access(self, private: Path, port: int) -> StoreAccess:
        return StoreAccess(
            str(private),
            port,
            commands.SUPERUSER,
            Secret(""),
            commands.DATABASE,
            self.database,
            self.run_as,
        )

    def postgres_owner(self) -> tuple[int, int] | None:
        return self.run_as

    def valkey(self, folder: Path, configuration: Path) -> scratch.Start:
        return scratch.Start(commands.valkey(self.cache, configuration), commands.BASE_ENVIRONMENT)

    def valkey_access(self, port: int, password: Secret) -> StoreAccess:
        return StoreAccess("127.0.0.1", port, "", password, "0", None, None)

    def service(self, port: int, private: Path, secrets: Sequence[str]) -> scratch.Start:
        assert self.release is not None, "a release to try"  # noqa: S101
        files = {f"{name}_FILE": str(private / name) for name in secrets}
        environment = {
            **self.release.environment,
            **files,
            "PORT": str(port),
            "SPOOL_DIR": str(private / "spool"),
            "HOLD_PATH": str(private / "hold"),
        }
        return scratch.Start(commands.replica(self.release.python, port, 1), environment)
