"""A folder for a task's private files, while it runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xiong.model.task import Task
from xiong.tools import files


@contextmanager
def folder(task: Task, *, room: Path | None = None, owner: tuple[int, int] | None = None) -> Iterator[Path]:
    """It exists while the context is open.

    Args:
        task: whose files they are.
        room: where it is made; None: anywhere.
        owner: (uid, gid) of the task, where that is another user; needs root.
    """
    made = Path(tempfile.mkdtemp(prefix="task-", dir=room))
    try:
        for name, content in task.files.items():
            files.write_atomic(made / name, content, owner=owner)
        if owner is not None:
            os.chown(made, *owner)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
