"""Who else saves a PostgreSQL: the seed's shell, and Barman or pgBackRest as Debian has them."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench import report
from bench.backup_copy import BackedCopy
from bench.ports import free_port
from xiong.datastores.postgres_tools import program
from xiong.tools.store_access import StoreAccess

_BARMAN = """[barman]
barman_home = {home}
barman_user = root
log_file = {home}/barman.log
configuration_files_directory = {home}
[copy]
description = the copy that is measured
conninfo = {conninfo}
streaming_conninfo = {conninfo}
backup_method = postgres
streaming_archiver = on
slot_name = barman
create_slot = auto
path_prefix = {programs}
"""


@dataclass(frozen=True)
class Rival:
    """What one took.

    Attributes:
        backup: seconds.
        stored: bytes, in clear.
        restore: seconds until the restored server answers.
    """

    backup: float
    stored: int
    restore: float


async def installed(*names: str) -> None:
    """Tries to install what is absent; without root or a network it stays absent."""
    absent = [name for name in names if shutil.which(name) is None]
    if absent and os.geteuid() == 0:
        argv = ("apt-get", "install", "-y", "--no-install-recommends", *absent)
        with suppress(OSError, RuntimeError):
            await _said(argv, DEBIAN_FRONTEND="noninteractive")


async def barman(copy: BackedCopy) -> Rival | None:
    """One backup and one restore of it by Barman; None, with a note why, where it cannot."""
    if shutil.which("barman") is None or os.geteuid() != 0:
        report.note("Barman was not run: it is not installed, or we are not root.")
        return None
    access, home = await copy.database(), copy.scratch / "barman"
    home.mkdir()
    conninfo = f"host={access.host} port={access.port} user={access.user} dbname={access.database}"
    conninfo += f" password={access.password.reveal()}"
    settings = home / "barman.cfg"
    settings.write_text(_BARMAN.format(home=home, conninfo=conninfo, programs=access.programs))
    words = ("barman", "-c", str(settings))
    report.note(f"Beside: Barman {(await _said((*words, '--version'))).split()[0]} of Debian.")
    receiver = await asyncio.create_subprocess_exec(
        *words, "receive-wal", "copy", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await asyncio.sleep(3)  # until it receives; Barman itself only says so in a check
        await _said((*words, "switch-wal", "--force", "--archive", "copy"))
        backup = await _timed((*words, "backup", "copy"))
        # The log that it needs; an idle server would never end that segment by itself.
        await _said((*words, "switch-wal", "--force", "--archive", "--archive-timeout=60", "copy"))
    except RuntimeError as error:
        report.note(f"Barman failed: {error}")
        return None
    finally:
        with suppress(ProcessLookupError):
            receiver.terminate()
        await receiver.wait()
        await _said((*words, "receive-wal", "--stop", "copy"), fails=True)
        await _said((*words, "receive-wal", "--drop-slot", "copy"), fails=True)
    stored = sum(path.stat().st_size for path in (home / "copy" / "base").rglob("*") if path.is_file())
    folder = copy.scratch / "barman-restored"
    restore = await _timed((*words, "recover", "copy", "latest", str(folder)))
    return Rival(backup, stored, restore + await _started(access, folder))


async def pgbackrest(copy: BackedCopy) -> None:
    """Notes what it says about this server; Debian's knows PostgreSQL up to 15."""
    if shutil.which("pgbackrest") is None:
        report.note("pgBackRest was not run: it is not installed.")
        return
    access = await copy.database()
    argv: tuple[str, ...] = (
        "pgbackrest",
        "--stanza=copy",
        f"--pg1-path={copy.state / 'postgres'}",
        "--pg1-user=postgres",
    )
    argv += (f"--pg1-port={access.port}", f"--repo1-path={copy.scratch / 'pgbackrest'}")
    argv += (f"--log-path={copy.scratch}", f"--lock-path={copy.scratch}")
    said = await _said(
        (*argv, "--log-level-console=warn", "stanza-create"),
        fails=True,
        PGHOST=access.host,
        PGPASSWORD=access.password.reveal(),
    )
    version = (await _said(("pgbackrest", "version"))).strip()
    words = next(
        (line for line in said.splitlines() if "Error]" in line or "ERROR" in line), "it could be run"
    )
    report.note(f"{version} of Debian was not measured: {words[:200]}")


async def _started(access: StoreAccess, folder: Path) -> float:
    """Seconds until a server on it answers; it is stopped again."""
    begun = time.monotonic()
    uid, gid = access.run_as or (os.getuid(), os.getgid())
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, gid)
    log, options = (
        folder / "log",
        f"-p {free_port()} -c unix_socket_directories= -c listen_addresses=127.0.0.1",
    )
    control = (program(access, "pg_ctl"), "-D", str(folder), "-l", str(log), "-s")
    await _said((*control, "-w", "-o", options, "start"), run_as=(uid, gid))
    seconds = time.monotonic() - begun
    await _said((*control, "-m", "immediate", "stop"), run_as=(uid, gid))
    shutil.rmtree(folder, ignore_errors=True)
    return seconds


async def _timed(argv: tuple[str, ...]) -> float:
    begun = time.monotonic()
    await _said(argv)
    return time.monotonic() - begun


async def _said(
    argv: tuple[str, ...], *, fails: bool = False, run_as: tuple[int, int] | None = None, **more: str
) -> str:
    """What a command printed; RuntimeError when it fails, unless that is looked for."""
    uid, gid = run_as or (None, None)
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd="/",
        env={**os.environ, **more},
        user=uid,
        group=gid,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    if process.returncode and not fails:
        raise RuntimeError(f"{argv[0]} … {argv[-1]} ended with {process.returncode}: {out.decode()[-500:]}")
    return out.decode(errors="replace")
