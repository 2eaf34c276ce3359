"""Commands that the adapter runs to their end: a module of a release, a client tool of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xiong.model.task import DatabaseRole, Task, TaskResult
from xiong.platforms.local import specs
from xiong.tools import process

_TOOL_SECONDS = 300.0


async def run(start: specs.Start, owner: Path, task: Task) -> TaskResult:
    """A module of a release.

    Args:
        start: with what its processes are started.
        owner: file with the DATABASE_URL of the schema's owner, for who needs it.
        task: what runs.
    """
    environment = {**start.environment, **task.environment}
    if task.role is DatabaseRole.OWNER:
        environment["DATABASE_URL_FILE"] = str(owner)
    argv = [str(start.python), "-m", task.module, *task.arguments]
    return _result(await process.run(argv, environment=environment, timeout_seconds=task.timeout_seconds))


async def tool(argv: Sequence[str], environment: Mapping[str, str], stdin: bytes) -> TaskResult:
    """A client tool."""
    done = await process.run(argv, environment=environment, timeout_seconds=_TOOL_SECONDS, stdin=stdin)
    return _result(done)


def _result(done: process.Completed) -> TaskResult:
    printed, complained = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    return TaskResult(done.exit_code, printed, complained, done.seconds)
