"""Files that are either the old or the new version, never half of one; and private folders."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

import orjson

from xiong.errors import XiongError


def write_atomic(
    path: Path, content: bytes, *, mode: int = 0o600, owner: tuple[int, int] | None = None
) -> None:
    """Replaces `path` by `content` so that also a power cut leaves one of the two.

    Args:
        path, content: what is written where.
        mode: permission bits.
        owner: (uid, gid) that it belongs to from its first moment; needs root. None: us.

    Raises:
        XiongError: the disk is full or the folder is not writable; `path` is as it was.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        reason = error.strerror or str(error)
        raise XiongError(f"cannot write {path}: {reason}", hint=f"df -h '{path.parent}'") from error


def write_json(path: Path, document: Any, *, mode: int = 0o600) -> None:
    """Writes a document atomically, indented, for people to read too."""
    write_atomic(path, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n", mode=mode)


def read_json(path: Path) -> Any | None:
    """The document at `path`, or None when there is no such file.

    Raises:
        XiongError: the file is there and holds no JSON.
    """
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except orjson.JSONDecodeError as error:
        raise XiongError(f"{path} holds no valid JSON: {error}", hint=f"look at {path}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
