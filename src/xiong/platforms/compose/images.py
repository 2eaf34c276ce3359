"""Releases as images: built from a source tree, or pulled by digest; and the tool's own image."""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
import tomllib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from xiong.config.settings import Settings
from xiong.errors import PlatformError, ReleaseNotFoundError
from xiong.model.release import Release, SchemaSupport
from xiong.platforms.base import Progress
from xiong.platforms.compose import commands, engine
from xiong.platforms.compose.project import service_user
from xiong.platforms.onehost import leading
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.clock import SystemClock

_KIND = "images"
_VERSION = "org.opencontainers.image.version"
_REPRODUCIBLE_EPOCH = "1735689600"  # any fixed instant: the same source gives the same image
_DIGEST = re.compile(r"^\S+@sha256:[0-9a-f]{64}$")
_TASK_SECONDS = 60.0
_ONE_BUILD = Path(tempfile.gettempdir()) / "xiong-image-build.lock"


class ReleaseImages:
    """Builds, pulls, lists and forgets the releases of one copy."""

    def __init__(self, settings: Settings, records: FileRecords, project: str) -> None:
        self._settings = settings
        self._records = records
        self._project = project

    async def all(self) -> list[Release]:
        """What was staged here, oldest first."""
        documents = [await self._records.read(_KIND, name) for name in await self._records.names(_KIND)]
        found = [_release(document) for document in documents if document]
        return sorted(found, key=lambda r: (r.created_at, r.id))

    async def get(self, release_id: str) -> Release:
        document = await self._records.read(_KIND, release_id)
        if document is None:
            raise ReleaseNotFoundError(f"no release {release_id} is staged here", hint="xiong releases")
        return _release(document)

    def reference(self, release_id: str) -> str:
        """By which the engine finds the image of a staged release."""
        return f"{self._project}/service:{release_id}"

    async def build(self, source: Path, progress: Progress) -> Release:
        """A release from a source tree; the same source gives the same release again.

        Raises:
            PlatformError: it does not build; nothing is left of it.
        """
        progress(f"building the service's image from {source}")
        image = await self._built(source, "service", f"{self._project}/service:built")
        return await self._staged(image, str(source.absolute()), progress)

    async def fetch(self, reference: str, progress: Progress) -> Release:
        """A staged release by its id, or an image by digest (`registry/name@sha256:…`).

        Raises:
            ReleaseNotFoundError: no such release, and the reference names no digest.
            PlatformError: the registry does not give it.
        """
        if not _DIGEST.match(reference):
            return await self.get(reference)
        progress(f"pulling {reference}")
        await engine.call(
            commands.pull(reference),
            f"pulling {reference}",
            seconds=self._settings.compose.build_timeout_seconds,
        )
        return await self._staged(reference, reference, progress, digest=reference.rpartition("@")[2])

    async def operations(self, source: Path, progress: Progress) -> str:
        """Reference of the tool's image, built now where none is named.

        Raises:
            PlatformError: it does not build.
        """
        named = self._settings.compose.operations_image
        if named:
            return named
        progress("building the tool's image")
        return await self._built(source, "operations", f"{self._project}/operations:built")

    async def vary(self, release: Release, appended: str) -> Release:
        """A release that is another one plus lines at the end of `api/main.py`."""
        base = self.reference(release.id)
        lines = [
            f"FROM {base}",
            "USER 0",
            f"RUN {orjson.dumps(['python', '-c', _appending(appended)]).decode()}",
            f"USER {':'.join(map(str, service_user()))}",
            "",
        ]
        argv = commands.build_varied(f"{self._project}/service:varied")
        done = await engine.call(
            argv, "building a varied image", stdin="\n".join(lines).encode(), DOCKER_BUILDKIT="1"
        )
        image = done.stdout.decode().strip()
        return await self._staged(image, f"{release.id}, changed by a drill", lambda _: None)

    async def discard(self, release_id: str) -> None:
        """Forgets a release; layers that another one has stay."""
        await self._records.delete(_KIND, release_id)
        await engine.call(
            commands.remove_image(self.reference(release_id)), f"deleting the image of {release_id}"
        )

    async def remove_all(self) -> None:
        """Every image of this copy by its name; what another copy uses stays."""
        for release in await self.all():
            await self.discard(release.id)
        for name in ("service:built", "service:varied", "operations:built"):
            with contextlib.suppress(PlatformError):
                await engine.call(commands.remove_image(f"{self._project}/{name}"), f"deleting {name}")

    async def size(self, release_id: str) -> int:
        """Bytes of its image, shared layers included."""
        return int((await self._facts(self.reference(release_id)))["Size"])

    async def _built(self, source: Path, target: str, tag: str) -> str:
        source = source.absolute()
        dockerfile = source / "deployment" / "docker" / "Dockerfile"
        if not dockerfile.is_file():
            raise PlatformError(
                f"{source} is no source tree of the service: deployment/docker/Dockerfile is missing",
                hint="xiong deploy --from PATH-OF-A-CLONE",
            )
        arguments = {
            "PYTHON_IMAGE": self._settings.compose.python_image,
            "SOURCE_DATE_EPOCH": _REPRODUCIBLE_EPOCH,
            "VERSION": _version_of(source),
        }
        argv = commands.build(source, dockerfile, target, tag, arguments)
        seconds = self._settings.compose.build_timeout_seconds
        # Docker 20.10 dies of two builds at once that have a step in common ("failed to get edge").
        async with leading.lead(_ONE_BUILD, SystemClock()):
            done = await engine.call(
                argv, f"building the {target} image from {source}", seconds=seconds, DOCKER_BUILDKIT="1"
            )
        return done.stdout.decode().split()[-1]

    async def _staged(self, image: str, source: str, progress: Progress, *, digest: str = "") -> Release:
        facts = await self._facts(image)
        digest = digest or _content_digest(facts)
        version = (facts["Config"].get("Labels") or {}).get(_VERSION) or "0"
        release_id = f"{version}-{digest.removeprefix('sha256:')[:12]}"
        await engine.call(
            commands.tag(image, self.reference(release_id)), f"naming the image of {release_id}"
        )
        known = await self._records.read(_KIND, release_id)
        if known:
            progress(f"{release_id} is already here")
            return _release(known)
        try:
            schema = await self._described(self.reference(release_id))
        except PlatformError:
            await engine.call(commands.remove_image(self.reference(release_id)), "deleting an unusable image")
            raise
        release = Release(release_id, version, digest, datetime.now(UTC), schema, source)
        document = {**asdict(release), "created_at": release.created_at.isoformat()}
        await self._records.write(_KIND, release_id, document)
        progress(f"staged {release_id}")
        return release

    async def _described(self, image: str) -> SchemaSupport:
        argv = commands.run_once(
            image,
            ["python", "-m", "api.migrate", "describe"],
            network="none",
            user=":".join(map(str, service_user())),
        )
        done = await engine.call(argv, f"{image}: api.migrate describe", seconds=_TASK_SECONDS)
        described = orjson.loads(done.stdout)
        return SchemaSupport(tuple(described["requires"]), tuple(described["knows"]))

    async def _facts(self, reference: str) -> dict[str, Any]:
        done = await engine.call(commands.image_facts(reference), f"looking at the image {reference}")
        facts: dict[str, Any] = orjson.loads(done.stdout)[0]
        return facts


def _content_digest(facts: dict[str, Any]) -> str:
    """Of the layers and of how they are run: the image's own id changes with the time of its build too."""
    told = orjson.dumps([facts["RootFS"]["Layers"], facts["Config"]], option=orjson.OPT_SORT_KEYS)
    return f"sha256:{hashlib.sha256(told).hexdigest()}"


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


def _release(document: dict[str, Any]) -> Release:
    schema = SchemaSupport(**{name: tuple(words) for name, words in document["schema"].items()})
    return Release(
        **{**document, "created_at": datetime.fromisoformat(document["created_at"]), "schema": schema}
    )
