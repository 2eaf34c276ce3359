"""Builds argument lists for the Docker CLI that concern images; nothing here runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def run_once(
    image: str,
    argv: Sequence[str],
    *,
    network: str,
    user: str,
    mounts: Mapping[Path, str] | None = None,
    environment: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    entrypoint: str | None = None,
    capabilities: Sequence[str] = (),
) -> list[str]:
    """A container for one command; it goes when the command ends.

    Args:
        image, argv: what runs.
        network: a network of the engine, `host` or `container:NAME`.
        user: `uid:gid`.
        mounts: {folder here: where it lies inside, with `:ro` where it is not to be written}.
        environment: variables that it gets from us, by name or NAME=value.
        labels: by which a left-over is found.
        entrypoint: in place of the image's own.
        capabilities: that it keeps; all others are dropped.
    """
    return [
        "docker",
        "run",
        "--rm",
        "--interactive",
        "--init",
        "--read-only",
        "--tmpfs=/tmp",
        "--cap-drop=ALL",
        *(f"--cap-add={name}" for name in capabilities),
        "--security-opt=no-new-privileges",
        f"--network={network}",
        f"--user={user}",
        *(f"--label={name}={value}" for name, value in (labels or {}).items()),
        *(f"--volume={here}:{there}" for here, there in (mounts or {}).items()),
        *(word for name in environment for word in ("--env", name)),
        *([f"--entrypoint={entrypoint}"] if entrypoint else []),
        image,
        *argv,
    ]


def build(source: Path, dockerfile: Path, target: str, tag: str, arguments: Mapping[str, str]) -> list[str]:
    """An image of a source tree by BuildKit; its id goes to the standard output."""
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    return [
        "docker",
        "build",
        "--quiet",
        f"--file={dockerfile}",
        f"--target={target}",
        f"--tag={tag}",
        *given,
        str(source),
    ]


def build_varied(tag: str) -> list[str]:
    """An image from the Dockerfile on the standard input."""
    return ["docker", "build", "--quiet", f"--tag={tag}", "-"]


def image_facts(reference: str) -> list[str]:
    return ["docker", "image", "inspect", reference]


def pull(reference: str) -> list[str]:
    return ["docker", "pull", "--quiet", reference]


def tag(image: str, name: str) -> list[str]:
    return ["docker", "image", "tag", image, name]


def push(name: str) -> list[str]:
    """To the registry that its name begins with; the digest is in what it prints."""
    return ["docker", "push", name]


def remove_image(name: str) -> list[str]:
    return ["docker", "image", "rm", name]


def engine_version() -> list[str]:
    return ["docker", "version", "--format", "{{.Server.Version}}"]
