"""The stores' programs as they lie in their images: run beside the tool, on folders that both see.

Whoever calls a program by its path finds a link here, which runs the program of its own name in a container.
So backup and restore call PostgreSQL's tools of the server's own version, whatever the machine has.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from xiong.platforms.compose import commands
from xiong.platforms.compose.project import Project
from xiong.tools import files

TASK_LABEL = "xiong.task-of"
_POSTGRES = (
    "pg_basebackup",
    "pg_combinebackup",
    "pg_dump",
    "pg_restore",
    "pg_verifybackup",
    "pg_waldump",
    "pgbench",
    "createdb",
    "psql",
)
_VALKEY = ("valkey-server", "valkey-check-rdb", "valkey-cli")
_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGCONNECT_TIMEOUT", "LANG", "TZ")


def in_a_container() -> bool:
    """Whether the tool itself runs in one of the copy's containers."""
    return "XIONG_CONTAINER" in os.environ


def own_network(project: Project) -> str:
    """The network namespace that the tool itself is in: the machine's, or its container's."""
    inside = os.environ.get("XIONG_CONTAINER")
    return f"container:{project.container(inside)}" if inside else "host"


def folders(project: Project) -> dict[Path, str]:
    """What a program sees of the copy, under the same paths as we do."""
    return {path: str(path) for path in {project.layout.root, project.layout.store_root}}


def programs(project: Project, store: str) -> Path:
    """Folder of the programs of a store's image; written anew when the image changes."""
    image, names = {
        "postgres": (project.settings.compose.postgres_image, _POSTGRES),
        "valkey": (project.settings.compose.valkey_image, _VALKEY),
    }[store]
    folder = (
        project.folder / "programs" / f"{store}-{'inside' if os.environ.get('XIONG_CONTAINER') else 'here'}"
    )
    runner = folder / "run"
    text = _script(project, image).encode()
    if not runner.is_file() or runner.read_bytes() != text:
        files.write_atomic(runner, text, mode=0o700)
    for name in names:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(runner.name)
    return folder


def _script(project: Project, image: str) -> str:
    argv = commands.run_once(
        image,
        [],
        network=own_network(project),
        user=f"{os.geteuid()}:{os.getegid()}",
        mounts=folders(project),
        environment=_VARIABLES,
        labels={TASK_LABEL: project.name},
        entrypoint="/usr/bin/env",
        # As root it reads what belongs to the database's user, and nothing beyond these folders.
        capabilities=["DAC_OVERRIDE"] if os.geteuid() == 0 else [],
    )
    engine = os.environ.get("DOCKER_HOST")
    lines = [
        "#!/bin/sh",
        "# Written by xiong: runs the program of its own name in a container of the store's image.",
        *([f"export DOCKER_HOST={shlex.quote(engine)}"] if engine else []),
        f'exec {shlex.join(argv)} "${{0##*/}}" "$@"',
        "",
    ]
    return "\n".join(lines)
