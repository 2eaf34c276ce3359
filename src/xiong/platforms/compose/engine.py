"""Runs the Docker CLI and reads what it says of containers. Used by every module of this platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from xiong.errors import PlatformError
from xiong.platforms.compose import commands
from xiong.platforms.docker.calls import call as call
from xiong.platforms.docker.calls import environment as environment
from xiong.tools import process

_SECONDS = 120.0
SERVICE_LABEL = "com.docker.compose.service"
HASH_LABEL = "com.docker.compose.config-hash"


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
