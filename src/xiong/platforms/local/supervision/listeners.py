"""Who listens on a local port: so that a stranger's server is not taken for ours being ready."""

from __future__ import annotations

import os
from typing import Final

from xiong.platforms.local.supervision import proc
from xiong.platforms.local.supervision.proc import Identity

_LISTENING: Final = "0A"


def stranger(port: int, ours: Identity) -> int | None:
    """The pid of another's process that listens on `port`; None when it is ours or not known."""
    inodes = _inodes(port)
    if not inodes or _holds(ours.pid, inodes):
        return None
    wanted = proc.tag(ours.pid)
    for found in proc.everything():
        pid = found.identity.pid
        if _holds(pid, inodes):
            family = found.session == ours.pid or (wanted is not None and proc.tag(pid) == wanted)
            return None if family else pid
    return None


def _inodes(port: int) -> set[str]:
    """The listening sockets of that port, as /proc/PID/fd names them."""
    found = set()
    for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        try:
            with open(table, encoding="ascii") as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        for row in rows:
            if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{row[9]}]")
    return found


def _holds(pid: int, sockets: set[str]) -> bool:
    try:
        entries = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    return any(_target(pid, entry) in sockets for entry in entries)


def _target(pid: int, entry: str) -> str:
    """What an open file leads to; nothing when it was closed since the folder was read."""
    try:
        return os.readlink(f"/proc/{pid}/fd/{entry}")
    except OSError:
        return ""
