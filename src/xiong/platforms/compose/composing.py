"""Brings services of a copy up by Compose, from what holds now. Used by whoever starts containers here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from xiong.platforms.compose import commands, engine, rendering
from xiong.platforms.compose.images import ReleaseImages
from xiong.platforms.compose.project import Project, Slot, give, service_user
from xiong.platforms.onehost import front, servers
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools import files

_UP_SECONDS = 180.0
_DOWN_SECONDS = 180.0


class Composer:
    """Renders a project and calls Compose on it."""

    def __init__(self, project: Project, secrets: HostSecrets, images: ReleaseImages) -> None:
        self.project = project
        self._secrets = secrets
        self._images = images

    def environment(self, release_id: str) -> dict[str, str]:
        """What a process of that release gets, with secrets as files."""
        settings, project = self.project.settings, self.project
        written = self._secrets.service_files(settings, project.network.stores)
        paging = project.published / "paging.yaml" if settings.paging.file else None
        if paging is not None and settings.paging.file is not None:
            files.write_atomic(paging, settings.paging.file.read_bytes(), mode=0o644)
            give(paging, service_user(), 0o644)
        return servers.service_environment(
            settings,
            {name: f"{rendering.INSIDE_SERVICE}/{file.name}" for name, file in written.items()},
            deployment_id=project.layout.deployment_id,
            spool=rendering.INSIDE_SPOOL,
            paging_file=f"{rendering.INSIDE_SERVICE}/paging.yaml" if paging else "",
            release_id=release_id,
            public_url=front.endpoint(settings.proxy, self._secrets, project.proxy_port).url,
        )

    def image(self, release_id: str) -> str:
        """Reference of the image of a staged release."""
        return self._images.reference(release_id)

    def slot(self, release_id: str) -> Slot:
        """What a container of that release is made from now."""
        written = self._secrets.service_files(self.project.settings, self.project.network.stores)
        image = self._images.reference(release_id)
        paging = self.project.settings.paging.file
        read_once = HostSecrets.digest(written) + (paging.read_text() if paging else "")
        read_once += str(self.project.settings.deploy.drain_seconds)
        setup = rendering.setup_of(image, self.environment(release_id), read_once)
        return Slot(release_id, image, setup)

    async def up(self, services: Sequence[str]) -> None:
        """Makes and starts these; one that runs and would be made the same is left alone.

        Raises:
            PlatformError: Compose refuses, or an image cannot be had.
        """
        self.write()
        argv = self.argv("up", "--detach", "--no-deps", "--no-build", "--quiet-pull", *services)
        await engine.call(argv, f"starting {', '.join(services)}", seconds=_UP_SECONDS)

    async def up_anew(self, services: Sequence[str], changed: Collection[str]) -> None:
        """The same; one that reads a changed file and was not made anew is restarted.

        Raises:
            PlatformError: see `up`.
        """
        before = {c.service: c.id for c in await engine.containers(self.project.name)}
        await self.up(services)
        for container in await engine.containers(self.project.name):
            if container.service in changed and before.get(container.service) == container.id:
                await engine.call(commands.restart(container.id, None), f"restarting {container.service}")

    async def down(self) -> None:
        """Stops and removes every container and network; folders stay."""
        self.write()
        argv = self.argv("down", "--remove-orphans")
        await engine.call(argv, "stopping every container", seconds=_DOWN_SECONDS)

    def write(self) -> None:
        """Renders what Compose reads."""
        slots = self.project.slots()
        environments = {name: self.environment(slot.release) for name, slot in slots.items()}
        rendering.write(self.project, self.image_names(), environments)

    def image_names(self) -> dict[str, str]:
        """What stands for the images in the shipped file."""
        document = files.read_json(self.project.folder / "operations.json") or {}
        slots = self.project.slots()
        some = next((slot.image for slot in slots.values()), "not-staged-yet")
        return {"service": some, "operations": document.get("image", "not-built-yet")}

    def keep_operations(self, image: str) -> None:
        """From now on the tool's containers are made from that image."""
        files.write_json(self.project.folder / "operations.json", {"image": image})

    def argv(self, *words: str) -> list[str]:
        """A call of Compose on this project."""
        existing: list[Path] = self.project.compose_files
        return commands.compose(self.project.name, existing, self.project.environment, *words)
