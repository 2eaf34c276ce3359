"""Starts one process from its spec: own session, own environment, lowered rights, log file as output."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress

from xiong.platforms.local.supervision import logs, proc
from xiong.platforms.local.supervision.spec import INSTANCE_VARIABLE, ProcessSpec


def launch(spec: ProcessSpec, tag: str) -> tuple[subprocess.Popen[bytes], str]:
    """Starts the process and returns when the program has been executed.

    Returns:
        The process, and a remark for people when its log could not be opened.

    Raises:
        OSError: the program or the folder is not there, or the rights do not suffice.
    """
    if not os.path.isdir(spec.cwd):
        raise FileNotFoundError(f"the folder {spec.cwd} is not there")
    remark = ""
    if spec.lock_file:
        _clear_stale_lock(spec.lock_file, os.path.basename(spec.argv[0]))
    try:
        output = logs.open_log(spec.log_path)
    except OSError as error:
        # A full disk must not keep the service down.
        remark = f"its log cannot be written: {spec.log_path}: {error.strerror or error}"
        output = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        uid, gid = _user(spec)
        popen = subprocess.Popen(
            list(spec.argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=spec.cwd,
            env={**spec.env, INSTANCE_VARIABLE: tag},
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=[] if uid is not None else None,
        )
    finally:
        os.close(output)
    return popen, remark


def _clear_stale_lock(path: str, program: str) -> None:
    try:
        with open(path, encoding="ascii") as file:
            pid = int(file.readline())
    except (OSError, ValueError):
        return
    if proc.identify(pid) is None or proc.program(pid) != program:
        with suppress(FileNotFoundError):
            os.unlink(path)


def _user(spec: ProcessSpec) -> tuple[int | None, int | None]:
    """Whom to become; (None, None) when nothing must change."""
    if spec.user is None:
        return None, None
    if os.geteuid() == 0:
        return spec.user
    if spec.user == (os.getuid(), os.getgid()):
        return None, None
    raise PermissionError(f"only root can run it as user {spec.user[0]}, group {spec.user[1]}")
