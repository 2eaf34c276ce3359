"""Releases as images: built from a source tree, or pulled by digest; and the tool's own image."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.model.release import Release, SchemaSupport
from xiong.platforms.base import Progress
from xiong.platforms.compose import commands, engine
from xiong.platforms.compose.project import service_user
from xiong.platforms.docker import building, documents
from xiong.platforms.onehost.records import FileRecords

_TASK_SECONDS = 60.0


class ReleaseImages:
    """Builds, pulls, lists and forgets the releases of one copy."""

    def __init__(self, settings: Settings, records: FileRecords, project: str) -> None:
        self._settings = settings
        self._records = records
        self._project = project

    async def all(self) -> list[Release]:
        """What was staged here, oldest first."""
        return await documents.every(self._records)

    async def get(self, release_id: str) -> Release:
        return documents.from_document(await documents.document_of(self._records, release_id))

    def reference(self, release_id: str) -> str:
        """By which the engine finds the image of a staged release."""
        return f"{self._project}/service:{release_id}"

    async def build(self, source: Path, progress: Progress) -> Release:
        """A release from a source tree; the same source gives the same release again.

        Raises:
            PlatformError: it does not build; nothing is left of it.
        """
        progress(f"building the service's image from {source}")
        image = await building.build(
            source, "service", f"{self._project}/service:built", self._settings.compose
        )
        return await self._staged(image, str(source.absolute()), progress)

    async def fetch(self, reference: str, progress: Progress) -> Release:
        """A staged release by its id, or an image by digest (`registry/name@sha256:…`).

        Raises:
            ReleaseNotFoundError: no such release, and the reference names no digest.
            PlatformError: the registry does not give it.
        """
        if not documents.BY_DIGEST.match(reference):
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
        return await building.build(
            source, "operations", f"{self._project}/operations:built", self._settings.compose
        )

    async def vary(self, release: Release, appended: str) -> Release:
        """A release that is another one plus lines at the end of `api/main.py`."""
        tag = f"{self._project}/service:varied"
        image = await building.vary(self.reference(release.id), appended, tag, service_user())
        return await self._staged(image, f"{release.id}, changed by a drill", lambda _: None)

    async def discard(self, release_id: str) -> None:
        """Forgets a release; layers that another one has stay."""
        await self._records.delete(documents.KIND, release_id)
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
        return int((await building.facts(self.reference(release_id)))["Size"])

    async def _staged(self, image: str, source: str, progress: Progress, *, digest: str = "") -> Release:
        facts = await building.facts(image)
        digest = digest or building.content_digest(facts)
        version = building.version(facts)
        release_id = building.release_id(version, digest)
        await engine.call(
            commands.tag(image, self.reference(release_id)), f"naming the image of {release_id}"
        )
        known = await self._records.read(documents.KIND, release_id)
        if known:
            progress(f"{release_id} is already here")
            return documents.from_document(known)
        try:
            schema = await self._described(self.reference(release_id))
        except PlatformError:
            await engine.call(commands.remove_image(self.reference(release_id)), "deleting an unusable image")
            raise
        release = Release(release_id, version, digest, datetime.now(UTC), schema, source)
        await self._records.write(documents.KIND, release_id, documents.to_document(release))
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
        return documents.described(done.stdout)
