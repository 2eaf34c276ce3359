"""Log files of supervised processes: opened for appending, rotated in place, read from the end.

The children write to the file themselves, so their logs go on while the supervisor is down.
"""

from __future__ import annotations

import importlib
import os
import shutil
from typing import Final

KEPT: Final = 3
_TAIL_BYTES: Final = 4096
_TAIL_LINES: Final = 5


def open_log(path: str) -> int:
    """A descriptor that appends to `path`; its folder is made when it is not there.

    Raises:
        OSError: it cannot be opened.
    """
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def rotate(path: str, limit: int) -> bool:
    """Copies a log above `limit` bytes aside and empties it, as its writers keep it open.

    What is written between the last copied byte and the truncation is lost, so the copy goes on
    until nothing new came.

    Raises:
        OSError: the disk is full, for example; the log is then left as it is.
    """
    try:
        if os.stat(path).st_size <= limit:
            return False
    except FileNotFoundError:
        return False
    unfinished = f"{path}.rotating"
    try:
        with open(path, "rb") as source, open(unfinished, "wb") as target:
            os.fchmod(target.fileno(), 0o600)
            shutil.copyfileobj(source, target, 1024 * 1024)
            _shift(path)
            os.rename(unfinished, f"{path}.1")
            shutil.copyfileobj(source, target, 1024 * 1024)
            target.flush()
            os.truncate(path, 0)
    except OSError:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
        raise
    return True


def _shift(path: str) -> None:
    """PATH.2 becomes PATH.3, PATH.1 becomes PATH.2."""
    for number in range(KEPT - 1, 0, -1):
        if os.path.exists(f"{path}.{number}"):
            os.replace(f"{path}.{number}", f"{path}.{number + 1}")


def tail(path: str) -> str:
    """The last few lines, or nothing when the log cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            content = file.read(_TAIL_BYTES)
    except OSError:
        return ""
    lines = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    return "\n".join(lines[-_TAIL_LINES:])


def without_personal_data(text: str) -> str:
    """The text as it may be shown. Loaded on first use: the daemon rarely needs the rules."""
    if not text:
        return text
    try:
        return str(importlib.import_module("redaction").redact(text))
    except Exception as error:  # whatever is wrong there must not keep a status from being told
        return f"(the log is not quoted, it may hold personal data: {type(error).__name__})"
