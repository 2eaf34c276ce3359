"""A process whose output, or input, is a stream: a dump on its way out, a restore on its way in.

Every exit code counts: a tool that fails ends the whole (R1, R2). Used through `datastores`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import cast

from xiong.errors import XiongError

_CHUNK_BYTES = 1 << 20
_WORDS_BYTES = 8192


class PipeError(XiongError):
    """A tool at one end of a stream failed, so what went through is worth nothing."""


@asynccontextmanager
async def source(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    run_as: tuple[int, int] | None = None,
    pass_fds: Sequence[int] = (),
    merged: bool = False,
) -> AsyncIterator[AsyncIterator[bytes]]:
    """What a command prints, in chunks, as fast as it is taken.

    Leaving the body early kills the command. Its end counts only with exit code 0: the loop itself raises
    otherwise, so that nobody takes half a dump for a whole one.

    Args:
        argv, environment, run_as, pass_fds: of the command.
        merged: what it complains comes in the same stream.

    Raises:
        PipeError: it cannot be started, or fails; the error carries its last words.
    """
    process = await _start(argv, environment, run_as, pass_fds, reads=False, merged=merged)
    words = asyncio.create_task(_last_words(process.stderr))
    try:
        yield _chunks(process, argv[0], words)
    finally:
        await _end(process, words)


@asynccontextmanager
async def sink(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    run_as: tuple[int, int] | None = None,
) -> AsyncIterator[asyncio.StreamWriter]:
    """The input of a command; leaving the body closes it and waits for exit code 0.

    Raises:
        PipeError: it cannot be started, or fails; the error carries its last words.
    """
    process = await _start(argv, environment, run_as, (), reads=True)
    words = asyncio.create_task(_last_words(process.stderr))
    writer = cast(asyncio.StreamWriter, process.stdin)
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # it ended early: its exit code says why
            yield writer
            await writer.drain()
        writer.close()
        await _checked(process, argv[0], words)
    finally:
        await _end(process, words)


async def _start(
    argv: Sequence[str],
    environment: Mapping[str, str],
    run_as: tuple[int, int] | None,
    pass_fds: Sequence[int],
    *,
    reads: bool,
    merged: bool = False,
) -> asyncio.subprocess.Process:
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    uid, gid = run_as or (None, None)
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=pipe if reads else nothing,
            stdout=nothing if reads else pipe,
            stderr=asyncio.subprocess.STDOUT if merged else pipe,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            pass_fds=tuple(pass_fds),
            limit=4 * _CHUNK_BYTES,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
    except OSError as error:
        raise PipeError(f"cannot start {argv[0]}: {error.strerror or error}") from error


async def _chunks(
    process: asyncio.subprocess.Process, name: str, words: asyncio.Task[str]
) -> AsyncIterator[bytes]:
    reader = cast(asyncio.StreamReader, process.stdout)
    while chunk := await reader.read(_CHUNK_BYTES):
        yield chunk
    await _checked(process, name, words)


async def _checked(process: asyncio.subprocess.Process, name: str, words: asyncio.Task[str]) -> None:
    said, code = await words, await process.wait()
    if code != 0:
        raise PipeError(f"{os.path.basename(name)} failed with exit code {code}:\n{said}")


async def _last_words(stream: asyncio.StreamReader | None) -> str:
    """Read all along, so that a tool that says much does not stand still."""
    kept = b""
    while stream is not None and (chunk := await stream.read(_WORDS_BYTES)):
        kept = (kept + chunk)[-_WORDS_BYTES:]
    return "\n".join(kept.decode(errors="replace").strip().splitlines()[-8:])


async def _end(process: asyncio.subprocess.Process, words: asyncio.Task[str]) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    words.cancel()
    await asyncio.gather(words, return_exceptions=True)
