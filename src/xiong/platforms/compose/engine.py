"""Runs the Docker CLI and reads what it says of containers. Used by every module of this platform."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from xiong.errors import PlatformError, XiongError
from xiong.platforms.compose import commands
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
SERVICE_LABEL = "com.docker.compose.service"
HASH_LABEL = "com.docker.compose.config-hash"


def environment(**more: str) -> dict[str, str]:
    """What the CLI gets of ours: where the engine is, and nothing else."""
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "BUILDKIT_PROGRESS": "plain",
        **more,
    }


@dataclass(frozen=True)
class Container:
    """What the engine says of one container of a project.

    Attributes:
        id: its whole id.
        service: the Compose service it is of, which is the instance's name.
        state: `created`, `running`, `paused`, `restarting`, `exited`, `dead`.
        started_at: when it began to run, as the engine writes it.
        restarts: how often the engine restarted it by itself.
        exit_code: of its last end.
        image: id of its image.
        labels: all.
        addresses: in each network.
        pid: of its first process, as the engine's machine sees it; 0 while it does not run.
    """

    id: str
    service: str
    state: str
    started_at: str
    restarts: int
    exit_code: int
    image: str
    labels: dict[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    pid: int = 0

    @property
    def running(self) -> bool:
        return self.state in {"running", "paused"}


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


async def lacking() -> list[str]:
    """Why nothing can run here, in words: no engine, or no Compose."""
    faults = []
    for argv, name in (
        (commands.engine_version(), "the Docker engine"),
        (commands.compose_version(), "docker compose"),
    ):
        try:
            await call(argv, name, seconds=20)
        except PlatformError as error:
            said = error.message.splitlines()[-1]
            faults.append(f"{name} does not answer ({said}): install or start it, then run: docker info")
    return faults


async def containers(project: str) -> list[Container]:
    """Every container of a project, by service."""
    ids = (await call(commands.containers(project), "listing containers")).stdout.decode().split()
    if not ids:
        return []
    # One that went meanwhile makes the exit code 1, and the others are told nevertheless.
    done = await process.run(commands.inspect(ids), environment=environment(), timeout_seconds=_SECONDS)
    try:
        documents = orjson.loads(done.stdout or b"[]")
    except orjson.JSONDecodeError as error:
        raise PlatformError(
            f"the engine's answer is no JSON: {done.last_words}", hint="docker info"
        ) from error
    return sorted((_container(d) for d in documents), key=lambda c: c.service)


def _container(document: dict[str, Any]) -> Container:
    state, labels = document["State"], document["Config"].get("Labels") or {}
    networks = document["NetworkSettings"].get("Networks") or {}
    return Container(
        id=document["Id"],
        service=labels.get(SERVICE_LABEL, ""),
        state=state["Status"],
        started_at=state.get("StartedAt", ""),
        restarts=document.get("RestartCount", 0),
        exit_code=state.get("ExitCode", 0),
        image=document["Image"],
        labels=labels,
        addresses=tuple(sorted(n["IPAddress"] for n in networks.values() if n.get("IPAddress"))),
        pid=state.get("Pid", 0),
    )
