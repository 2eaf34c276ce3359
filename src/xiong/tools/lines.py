"""Files to which lines are only added, as the console's audit log."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


def append(path: Path, document: Any) -> None:
    """Adds one JSON line in a single write, on disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, orjson.dumps(document) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def newest(path: Path, count: int) -> list[Any]:
    """The last documents, newest first; a line that a power cut tore is left out."""
    return list(reversed(deque(_documents(path), maxlen=count)))


def _documents(path: Path) -> Iterator[Any]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
