"""Starts the supervisor again when it dies unasked. Runs beside it, as a script: standard library only.

The supervisor starts it as `python -I -S guard.py --state DIR` and starts it again when it dies; so
only both dying in the same moment ends the supervision (the next `start_daemon` then adopts what
runs). With `--launch` it starts the supervisor once and ends: the supervisor then has no parent that
would have to reap it.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time

_DAEMON = "xiong.platforms.local.supervision.daemon"
_CALM_S = 10.0
_START_S = 30.0
_LONGEST_PAUSE_S = 10.0


def start_daemon(folder: str) -> int:
    """Starts a supervisor in a session of its own and returns its pid.

    Its stdout becomes our stderr, the log: a pipe kept open there would keep its reader waiting.
    """
    argv = [sys.executable, "-P", "-m", _DAEMON, "--state", folder]
    log = [(os.POSIX_SPAWN_DUP2, 2, 1)]
    return os.posix_spawn(sys.executable, argv, os.environ, file_actions=log, setsid=True)


def owner(folder: str) -> int | None:
    """A pidfd of the supervisor that holds the folder's lock, if it lives."""
    try:
        with open(os.path.join(folder, "supervisor.lock"), encoding="ascii") as lock:
            pid, ticks = (int(word) for word in lock.read().split())
        pidfd = os.pidfd_open(pid)
    except (OSError, ValueError):
        return None
    if not _is(pid, ticks):
        os.close(pidfd)
        return None
    return pidfd


def _is(pid: int, ticks: int) -> bool:
    """Whether that pid is the run that began at that tick, and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            content = file.read()
    except OSError:
        return False
    rest = content[content.rindex(b")") + 2 :].split()
    return int(rest[19]) == ticks and rest[0] not in (b"Z", b"X")


def wanted(folder: str) -> bool:
    """Whether a supervisor should serve the folder. A damaged file is the supervisor's to judge."""
    try:
        with open(os.path.join(folder, "supervisor.json"), "rb") as file:
            return json.load(file)["run"] is True
    except OSError:
        return False
    except (ValueError, KeyError, TypeError):
        return True


def wait(pidfd: int, seconds: float | None) -> bool:
    """Waits until the process of a pidfd ends; the only wait of this module."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(None if seconds is None else int(seconds * 1000)))


def reap() -> None:
    """Takes the end of supervisors that were started here."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def watch(folder: str) -> None:
    """Waits for deaths of the supervisor and starts it anew, until it is not wanted any more.

    The first new start is immediate; one that does not live long is followed by ever longer pauses.
    """
    pause = 0.0
    while True:
        pidfd = owner(folder)
        if pidfd is not None:
            began = time.monotonic()
            wait(pidfd, None)
            os.close(pidfd)
            pause = 0.0 if time.monotonic() - began > _CALM_S else pause
        reap()
        if not wanted(folder):
            return
        _rest(pause)
        pause = min(max(pause * 2, 0.1), _LONGEST_PAUSE_S)
        _until_it_owns(folder, os.pidfd_open(start_daemon(folder)))


def _until_it_owns(folder: str, child: int) -> None:
    """Returns when some supervisor holds the folder, or the one just started has ended or hangs."""
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        found = owner(folder)
        if found is not None:
            os.close(found)
            break
        if wait(child, 0.05):
            break
    os.close(child)


def _rest(seconds: float) -> None:
    """Lets time pass between two tries."""
    select.poll().poll(int(seconds * 1000))


def main() -> None:
    """`guard.py --state DIR [--launch]`."""
    folder = sys.argv[sys.argv.index("--state") + 1]
    if "--launch" in sys.argv:
        os.write(1, b"%d\n" % start_daemon(folder))
    else:
        watch(folder)


if __name__ == "__main__":
    main()
