"""Runs the Docker CLI. Used by whatever asks an engine for something."""

from __future__ import annotations

import os
from collections.abc import Sequence

from xiong.errors import PlatformError, XiongError
from xiong.tools import process

_SECONDS = 120.0
_INHERITED = (
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
)


def environment(**more: str) -> dict[str, str]:
    """What the CLI gets of ours: where the engine is, and nothing else."""
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "BUILDKIT_PROGRESS": "plain",
        **more,
    }


async def call(
    argv: Sequence[str], what: str, *, seconds: float = _SECONDS, stdin: bytes = b"", **more: str
) -> process.Completed:
    """Runs one command to its good end.

    Raises:
        PlatformError: it failed; its last words are in the message.
    """
    try:
        done = await process.run(argv, environment=environment(**more), timeout_seconds=seconds, stdin=stdin)
        return done.checked(what)
    except PlatformError:
        raise
    except XiongError as error:
        raise PlatformError(error.message, hint=error.hint or "docker info") from error
