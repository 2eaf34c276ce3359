"""Images of the service made from a source tree, and what tells one from another.

Used by the platforms whose releases are images; how they name, keep and hand them out is their own.
"""

from __future__ import annotations

import hashlib
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from xiong.config.compose import ComposeSettings
from xiong.errors import PlatformError
from xiong.platforms.docker import commands
from xiong.platforms.docker.calls import call
from xiong.platforms.onehost import leading
from xiong.tools.clock import SystemClock

_VERSION = "org.opencontainers.image.version"
_REPRODUCIBLE_EPOCH = "1735689600"  # any fixed instant: the same source gives the same image
_ONE_BUILD = Path(tempfile.gettempdir()) / "xiong-image-build.lock"


async def build(source: Path, target: str, tag: str, settings: ComposeSettings) -> str:
    """Builds one target of the shipped Dockerfile; returns the id of the image.

    Raises:
        PlatformError: `source` is no source tree, or it does not build.
    """
    source = source.absolute()
    dockerfile = source / "deployment" / "docker" / "Dockerfile"
    if not dockerfile.is_file():
        raise PlatformError(
            f"{source} is no source tree of the service: deployment/docker/Dockerfile is missing",
            hint="xiong deploy --from PATH-OF-A-CLONE",
        )
    arguments = {
        "PYTHON_IMAGE": settings.python_image,
        "SOURCE_DATE_EPOCH": _REPRODUCIBLE_EPOCH,
        "VERSION": _version_of(source),
    }
    argv = commands.build(source, dockerfile, target, tag, arguments)
    what, seconds = f"building the {target} image from {source}", settings.build_timeout_seconds
    # Docker 20.10 dies of two builds at once that have a step in common ("failed to get edge").
    async with leading.lead(_ONE_BUILD, SystemClock()):
        done = await call(argv, what, seconds=seconds, DOCKER_BUILDKIT="1")
    return done.stdout.decode().split()[-1]


async def vary(base: str, appended: str, tag: str, user: tuple[int, int]) -> str:
    """An image that is another one plus lines at the end of `api/main.py`; returns its id.

    Raises:
        PlatformError: it does not build.
    """
    lines = [
        f"FROM {base}",
        "USER 0",
        f"RUN {orjson.dumps(['python', '-c', _appending(appended)]).decode()}",
        f"USER {':'.join(map(str, user))}",
        "",
    ]
    argv = commands.build_varied(tag)
    done = await call(argv, "building a varied image", stdin="\n".join(lines).encode(), DOCKER_BUILDKIT="1")
    return done.stdout.decode().strip()


async def facts(reference: str) -> dict[str, Any]:
    """What the engine knows of an image.

    Raises:
        PlatformError: it does not have it.
    """
    done = await call(commands.image_facts(reference), f"looking at the image {reference}")
    found: dict[str, Any] = orjson.loads(done.stdout)[0]
    return found


def content_digest(found: Mapping[str, Any]) -> str:
    """Of the layers and of how they are run: the image's own id changes with the time of its build too."""
    told = orjson.dumps([found["RootFS"]["Layers"], found["Config"]], option=orjson.OPT_SORT_KEYS)
    return f"sha256:{hashlib.sha256(told).hexdigest()}"


def version(found: Mapping[str, Any]) -> str:
    """What the image calls itself."""
    return (found["Config"].get("Labels") or {}).get(_VERSION) or "0"


def release_id(named: str, digest: str) -> str:
    """`VERSION-DIGEST12`."""
    return f"{named}-{digest.removeprefix('sha256:')[:12]}"


def _appending(text: str) -> str:
    """A program that writes at the end of the module; its byte code is not compared with it, so that goes."""
    return (
        "import importlib.util, pathlib; "
        "file = pathlib.Path(importlib.util.find_spec('api').origin).with_name('main.py'); "
        f"file.write_text(file.read_text() + {text!r}); "
        "pathlib.Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)"
    )


def _version_of(source: Path) -> str:
    """What the source tree calls itself."""
    try:
        return str(tomllib.loads((source / "pyproject.toml").read_text())["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise PlatformError(f"{source}/pyproject.toml names no version of the project") from error
