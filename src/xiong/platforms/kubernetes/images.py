"""Releases as images in a registry: built and pushed from here, or named by digest; the tool's image too."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.model.release import Release, SchemaSupport
from xiong.model.task import Task, TaskResult
from xiong.platforms.base import Progress
from xiong.platforms.docker import building, commands, documents
from xiong.platforms.docker.calls import call
from xiong.platforms.records import RecordStore

_PUSHED = re.compile(rb"digest: (sha256:[0-9a-f]{64}) ")
_USER = (10001, 10001)
_DESCRIBE = Task("describe", "api.migrate", ("describe",), timeout_seconds=60.0)

Describe = Callable[[str, str, Task], Awaitable[TaskResult]]
"""Runs a task of an image (release id, reference by digest, task) in the cluster."""


class ReleaseImages:
    """Builds, pushes, lists and forgets the releases of one copy."""

    def __init__(self, settings: Settings, records: RecordStore, run: Describe) -> None:
        self._settings = settings
        self._records = records
        self._run = run

    async def all(self) -> list[Release]:
        """What was staged, oldest first."""
        return await documents.every(self._records)

    async def reference(self, release_id: str) -> str:
        """The image of a staged release, by digest.

        Raises:
            ReleaseNotFoundError: it is not staged.
        """
        return str((await documents.document_of(self._records, release_id))["image"])

    async def build(self, source: Path, progress: Progress) -> Release:
        """A release from a source tree; the same source gives the same release again.

        Raises:
            PlatformError: it does not build, or the registry does not take it.
        """
        name = self._name("service")
        progress(f"building the service's image from {source}")
        image = await building.build(source, "service", f"{name}:built", self._settings.compose)
        return await self._kept(image, str(source.absolute()), progress)

    async def fetch(self, reference: str, progress: Progress) -> Release:
        """A staged release by its id, or an image by digest (`registry/name[:version]@sha256:…`).

        Raises:
            ReleaseNotFoundError: no such release, and the reference names no digest.
            PlatformError: no node can pull it.
        """
        if not documents.BY_DIGEST.match(reference):
            return documents.from_document(await documents.document_of(self._records, reference))
        named, _, digest = reference.rpartition("@")
        version = named.rpartition("/")[2].partition(":")[2] or "0"
        release_id = building.release_id(version, digest)
        return await self._staged(release_id, version, digest, reference, reference, progress)

    async def operations(self, source: Path, progress: Progress) -> str:
        """The tool's image by digest, built and pushed now where none is named.

        Raises:
            PlatformError: it does not build, or the registry does not take it.
        """
        named = self._settings.kubernetes.operations_image
        if named:
            return named
        name = self._name("operations")
        progress("building the tool's image")
        await building.build(source, "operations", f"{name}:built", self._settings.compose)
        return await _pushed(f"{name}:built")

    async def vary(self, release: Release, appended: str) -> Release:
        """A release that is another one plus lines at the end of `api/main.py`."""
        base = await self.reference(release.id)
        image = await building.vary(base, appended, f"{self._name('service')}:varied", _USER)
        return await self._kept(image, f"{release.id}, changed by a drill", lambda _: None)

    async def discard(self, release_id: str) -> None:
        """Forgets a release; its image is the registry's, which has a way of its own to tidy up."""
        await self._records.delete(documents.KIND, release_id)

    def _name(self, what: str) -> str:
        registry = self._settings.kubernetes.registry
        if not registry:
            raise PlatformError(
                f"an image of {what} is built here, and no registry is set that the nodes pull it from",
                hint="set kubernetes.registry, or name an image by digest: xiong deploy NAME@sha256:…",
            )
        return f"{registry}/{what}"

    async def _kept(self, image: str, source: str, progress: Progress) -> Release:
        facts = await building.facts(image)
        digest, version = building.content_digest(facts), building.version(facts)
        release_id = building.release_id(version, digest)
        known = await self._records.read(documents.KIND, release_id)
        if known:
            progress(f"{release_id} is already here")
            return documents.from_document(known)
        tag = f"{self._name('service')}:{release_id}"
        await call(commands.tag(image, tag), f"naming the image of {release_id}")
        progress(f"pushing {tag}")
        return await self._staged(release_id, version, digest, await _pushed(tag), source, progress)

    async def _staged(
        self, release_id: str, version: str, digest: str, image: str, source: str, progress: Progress
    ) -> Release:
        known = await self._records.read(documents.KIND, release_id)
        if known:
            progress(f"{release_id} is already here")
            return documents.from_document(known)
        schema = await self._described(release_id, image)
        release = Release(release_id, version, digest, datetime.now(UTC), schema, source)
        await self._records.write(documents.KIND, release_id, documents.to_document(release, image=image))
        progress(f"staged {release_id}")
        return release

    async def _described(self, release_id: str, image: str) -> SchemaSupport:
        done = await self._run(release_id, image, _DESCRIBE)
        if done.exit_code != 0:
            raise PlatformError(f"{image}: api.migrate describe ended with {done.exit_code}: {done.stderr}")
        return documents.described(done.stdout)


async def _pushed(tag: str) -> str:
    """Pushes it; returns the reference by the digest that the registry gave it."""
    done = await call(commands.push(tag), f"pushing {tag}", seconds=900.0)
    told = _PUSHED.search(done.stdout)
    if told is None:
        raise PlatformError(f"pushing {tag}: the engine told no digest: {done.last_words}")
    return f"{tag.rpartition(':')[0]}@{told[1].decode()}"
