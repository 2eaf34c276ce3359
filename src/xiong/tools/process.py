"""The one function that runs a command to its end. Building the argument list is done elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xiong.errors import DeadlineError, XiongError


@dataclass(frozen=True)
class Completed:
    """How a command ended."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def last_words(self) -> str:
        """The last lines it printed, for an error message."""
        text = (self.stderr or self.stdout).decode(errors="replace").strip()
        return "\n".join(text.splitlines()[-8:])

    def checked(self, what: str) -> Completed:
        """Itself.

        Raises:
            XiongError: it ended with another exit code than 0; the error carries its last words.
        """
        if self.exit_code != 0:
            raise XiongError(f"{what} failed with exit code {self.exit_code}:\n{self.last_words}")
        return self


async def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout_seconds: float,
    cwd: Path | None = None,
    stdin: bytes = b"",
    user: int | None = None,
    group: int | None = None,
) -> Completed:
    """Runs `argv` and waits for its end; it and its children are killed at the deadline.

    Args:
        argv: the command; no shell is involved.
        environment: the whole environment; nothing is inherited.
        timeout_seconds: the deadline.
        cwd: where it runs.
        stdin: what it reads.
        user: numeric user to run as (needs root); None keeps ours.
        group: numeric group to run as; None keeps ours.

    Raises:
        XiongError: the command cannot be started.
        DeadlineError: it did not end in time.
    """
    begun = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
    except OSError as error:
        raise XiongError(f"cannot start {argv[0]}: {error.strerror or error}") from error
    try:
        async with asyncio.timeout(timeout_seconds):
            stdout, stderr = await process.communicate(stdin)
    except TimeoutError as error:
        raise DeadlineError(f"{argv[0]} did not end within {timeout_seconds:g} s") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    seconds = time.monotonic() - begun
    return Completed(tuple(argv), process.returncode or 0, stdout, stderr, seconds)
