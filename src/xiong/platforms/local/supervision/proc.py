"""Processes as the kernel names them: a pid plus its start tick plus the boot, so a reused pid is never ours.

Read straight from /proc because start ticks are exact, whereas times in seconds move with the clock.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xiong.platforms.local.supervision.spec import INSTANCE_VARIABLE


@dataclass(frozen=True)
class Identity:
    """One run of one process within this boot."""

    pid: int
    ticks: int


@dataclass(frozen=True)
class Stat:
    """What /proc/PID/stat tells that matters here."""

    identity: Identity
    state: str
    #: 0 where its session began outside this PID namespace, as in many containers
    session: int

    @property
    def dead(self) -> bool:
        """A zombie runs no code any more; it only waits to be reaped."""
        return self.state in "ZXx"


def boot_id() -> str:
    """Differs after every boot, also where the clock does not."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def create_time(ticks: int) -> float:
    """A start tick as epoch seconds."""
    with open("/proc/stat", "rb") as lines:
        booted = next(int(line.split()[1]) for line in lines if line.startswith(b"btime"))
    return booted + ticks / os.sysconf("SC_CLK_TCK")


def stat(pid: int) -> Stat | None:
    """The process with that pid, a zombie too; None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            content = file.read()
    except OSError:
        return None
    # The command name, in parentheses, may itself hold spaces and parentheses.
    rest = content[content.rindex(b")") + 2 :].split()
    return Stat(Identity(pid, int(rest[19])), rest[0].decode(), int(rest[3]))


def identify(pid: int) -> Identity | None:
    """The identity of a pid that lives now."""
    found = stat(pid)
    return None if found is None or found.dead else found.identity


def alive(identity: Identity) -> bool:
    """Whether that very run still lives."""
    return identify(identity.pid) == identity


def program(pid: int) -> str:
    """The name of the program it runs, at most 15 characters; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return ""


def everything() -> Iterator[Stat]:
    """All live processes but this one."""
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            found = stat(int(entry))
            if found is not None and not found.dead:
                yield found


def tag(pid: int) -> str | None:
    """The value of XIONG_INSTANCE in its environment, if it can be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            content = file.read()
    except OSError:
        return None
    prefix = INSTANCE_VARIABLE.encode() + b"="
    for entry in content.split(b"\0"):
        if entry.startswith(prefix):
            return os.fsdecode(entry[len(prefix) :])
    return None


def leader_of(wanted: str, log_path: str, others: Collection[Identity] = ()) -> Identity | None:
    """The process that was started as `wanted`: a session leader with that tag.

    Some programs (valkey) overwrite their environment to show a title; those are known by the log
    file that their stdout still is.

    Args:
        wanted: the tag.
        log_path: where the process writes.
        others: processes that are known to be something else.
    """
    log = os.path.realpath(log_path)
    for found in everything():
        pid = found.identity.pid
        if found.session != pid or found.identity in others:
            continue
        seen = tag(pid)
        if seen == wanted or (seen is None and _writes_to(pid, log)):
            return found.identity
    return None


def _writes_to(pid: int, path: str) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/fd/1") == path == os.readlink(f"/proc/{pid}/fd/2")
    except OSError:
        return False


def send(identity: Identity, number: int) -> bool:
    """Signals that very run; False when it is gone. A pidfd cannot hit a process that took the pid."""
    try:
        pidfd = os.pidfd_open(identity.pid)
    except OSError:
        return False
    try:
        if not alive(identity):
            return False
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(pidfd)
    return True


def sweep(wanted: str, leader: Identity | None) -> list[Identity]:
    """Kills what is left of a process that has ended: members of its session, carriers of its tag.

    Args:
        wanted: the tag.
        leader: the ended process, when it ended just now; its session is not trusted later,
            because another process may have come by its pid.

    Returns:
        Who was killed, and may take a moment to be gone.
    """
    session = None
    if leader is not None:
        now = stat(leader.pid)
        session = leader.pid if now is None or now.identity == leader else None
    killed = []
    for found in list(everything()):
        pid = found.identity.pid
        # What is older than its leader cannot be among them.
        if leader is not None and found.identity.ticks < leader.ticks:
            continue
        ours = (session is not None and found.session == session) or tag(pid) == wanted
        if ours and send(found.identity, signal.SIGKILL):
            killed.append(found.identity)
    return killed


async def gone(identity: Identity, seconds: float) -> bool:
    """Waits until that run has ended; False when it has not within `seconds`."""
    try:
        pidfd = os.pidfd_open(identity.pid)
    except OSError:
        return True
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        if not alive(identity):
            return True
        loop.add_reader(pidfd, ended.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), max(seconds, 0.0))
        return not alive(identity)
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)
