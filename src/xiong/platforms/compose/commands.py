"""Builds argument lists for the Docker CLI; nothing here runs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from signal import Signals

from xiong.platforms.docker.commands import build as build
from xiong.platforms.docker.commands import build_varied as build_varied
from xiong.platforms.docker.commands import engine_version as engine_version
from xiong.platforms.docker.commands import image_facts as image_facts
from xiong.platforms.docker.commands import pull as pull
from xiong.platforms.docker.commands import remove_image as remove_image
from xiong.platforms.docker.commands import run_once as run_once
from xiong.platforms.docker.commands import tag as tag


def compose(project: str, files: Sequence[Path], environment: Path, *words: str) -> list[str]:
    """`docker compose` on a project."""
    named = [word for file in files for word in ("--file", str(file))]
    return ["docker", "compose", "--project-name", project, *named, "--env-file", str(environment), *words]


def containers(project: str) -> list[str]:
    """Ids of all containers of a project, also of those that ended."""
    return [
        "docker",
        "ps",
        "--all",
        "--quiet",
        "--no-trunc",
        "--filter",
        f"label=com.docker.compose.project={project}",
    ]


def labelled(label: str) -> list[str]:
    """Ids of all containers with that label."""
    return ["docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}"]


def inspect(names: Sequence[str]) -> list[str]:
    return ["docker", "inspect", "--type", "container", *names]


def subnets() -> list[str]:
    """One subnet of a network of this engine a line; networks without one print an empty line."""
    return ["docker", "network", "inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}"]


def networks() -> list[str]:
    return ["docker", "network", "ls", "--quiet"]


def signal(container: str, number: int) -> list[str]:
    """A signal to all that runs in a container but its first process.

    Not by `docker kill`: the engine takes that for a wanted stop and does not restart what it ends. As the
    container's own user, since root without its capabilities may not signal another's process.
    """
    return ["docker", "exec", container, "sh", "-c", f"kill -{Signals(number).name[3:]} -1"]


def restart(container: str, grace_seconds: float | None) -> list[str]:
    return ["docker", "restart", *_within(grace_seconds), container]


def _within(grace_seconds: float | None) -> list[str]:
    return [] if grace_seconds is None else ["--time", str(max(0, round(grace_seconds)))]


def start(container: str) -> list[str]:
    return ["docker", "start", container]


def stop(container: str, grace_seconds: float | None = None) -> list[str]:
    """Within that grace, or the one that the container was made with."""
    return ["docker", "stop", *_within(grace_seconds), container]


def tail(container: str, lines: int) -> list[str]:
    return ["docker", "logs", "--tail", str(lines), container]


def pause(container: str) -> list[str]:
    """Its processes stand still; connections stay, and nothing answers."""
    return ["docker", "pause", container]


def unpause(container: str) -> list[str]:
    return ["docker", "unpause", container]


def disconnect(network: str, container: str) -> list[str]:
    return ["docker", "network", "disconnect", network, container]


def connect(network: str, container: str, address: str) -> list[str]:
    return ["docker", "network", "connect", "--ip", address, network, container]


def remove(container: str) -> list[str]:
    return ["docker", "rm", "--force", "--volumes", container]


def logs(container: str, *, follow: bool) -> list[str]:
    return ["docker", "logs", *(["--follow"] if follow else []), container]


def execute(container: str, argv: Sequence[str], environment: Sequence[str] = ()) -> list[str]:
    """A program inside a running container; it gets those variables of ours by name."""
    named = [word for name in environment for word in ("--env", name)]
    return ["docker", "exec", "--interactive", *named, container, *argv]


def compose_version() -> list[str]:
    return ["docker", "compose", "version", "--short"]
