"""How the Compose platform starts second servers: containers of the same images, in the tool's network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.platforms.compose import commands, engine, rendering, tools
from xiong.platforms.compose.project import Project, Slot, give, service_user
from xiong.platforms.onehost import scratch, servers
from xiong.tools.store_access import StoreAccess

INSIDE_CACHE = "/data"
_INSIDE_TRIAL = "/run/xiong/trial"


@dataclass(frozen=True)
class ComposeStarter:
    """`scratch.Starter` over containers that go when their command ends.

    Attributes:
        project: the copy.
        slot: what a replica is made from; None where none is started.
        environment: what a replica gets.
    """

    project: Project
    slot: Slot | None = None
    environment: Mapping[str, str] | None = None

    def room(self) -> Path | None:
        return self.project.layout.store_root

    def postgres(self, folder: Path, private: Path, options: Mapping[str, str]) -> scratch.Start:
        wanted = {**servers.database_options(self.project.settings.database), **options}
        argv = self._run(
            self.project.settings.compose.postgres_image,
            ["postgres", "-D", str(folder), *servers.flags(wanted)],
            user=self.project.database_user,
            mounts={folder: str(folder), private: str(private)},
            entrypoint="/usr/bin/env",
        )
        return scratch.Start(argv, engine.environment())

    def initialise(self, folder: Path, files: Path) -> list[str]:
        """Makes an empty database in `folder`, whose superuser has the password in `files`."""
        return self._run(
            self.project.settings.compose.postgres_image,
            servers.initdb("initdb", str(folder), f"{files}/superuser"),
            user=self.project.database_user,
            mounts={folder: str(folder), files: f"{files}:ro"},
            entrypoint="/usr/bin/env",
        )

    def postgres_access(self, private: Path, port: int) -> StoreAccess:
        return StoreAccess(
            str(private),
            port,
            scratch.SUPERUSER,
            Secret(""),
            scratch.DATABASE,
            tools.programs(self.project, "postgres"),
            None,
            self.project.folder,
        )

    def postgres_owner(self) -> tuple[int, int] | None:
        return self.project.database_user if os.geteuid() == 0 else None

    def valkey(self, folder: Path, configuration: Path) -> scratch.Start:
        inside = "/run/valkey.conf"
        argv = self._run(
            self.project.settings.compose.valkey_image,
            ["valkey-server", inside],
            user=service_user(),
            mounts={folder: INSIDE_CACHE, configuration: f"{inside}:ro"},
            entrypoint="/usr/bin/env",
        )
        return scratch.Start(argv, engine.environment())

    def valkey_access(self, port: int, password: Secret) -> StoreAccess:
        programs = tools.programs(self.project, "valkey")
        return StoreAccess("127.0.0.1", port, "", password, "0", programs, None, self.project.folder)

    def service(self, port: int, private: Path, secrets: Sequence[str]) -> scratch.Start:
        assert self.slot is not None and self.environment is not None, "a release to try"  # noqa: S101, PT018
        for path in (private, *private.iterdir()):
            give(path, service_user(), 0o700 if path.is_dir() else 0o600)
        files = {f"{name}_FILE": f"{_INSIDE_TRIAL}/{name}" for name in secrets}
        told = {
            **self.environment,
            **files,
            "PORT": str(port),
            "SPOOL_DIR": f"{_INSIDE_TRIAL}/spool",
            "HOLD_PATH": f"{_INSIDE_TRIAL}/hold",
        }
        argv = self._run(
            self.slot.image,
            servers.replica("python", "127.0.0.1", port, 1),
            user=service_user(),
            mounts={
                private: _INSIDE_TRIAL,
                self.project.published: f"{rendering.INSIDE_SERVICE}:ro",
            },
            environment=[f"{name}={value}" for name, value in told.items()],
        )
        return scratch.Start(argv, engine.environment())

    def _run(
        self,
        image: str,
        argv: Sequence[str],
        *,
        user: tuple[int, int],
        mounts: Mapping[Path, str],
        environment: Sequence[str] = (),
        entrypoint: str | None = None,
    ) -> list[str]:
        return commands.run_once(
            image,
            argv,
            network=tools.own_network(self.project),
            user=f"{user[0]}:{user[1]}",
            mounts=mounts,
            environment=environment,
            labels={tools.TASK_LABEL: self.project.name},
            entrypoint=entrypoint,
        )
