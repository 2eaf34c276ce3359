"""Faults of a copy in containers, made on purpose and mended; see `platforms/faults.py` for the promise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from xiong.errors import PlatformError
from xiong.model.release import Release
from xiong.platforms.compose import commands, engine
from xiong.platforms.compose.composing import Composer
from xiong.platforms.compose.images import ReleaseImages
from xiong.platforms.compose.replicas import named_container
from xiong.platforms.faults import Fault
from xiong.platforms.onehost import small_disk

_DATABASE = "postgres"


class ComposeFaults:
    """`Faults` over the engine's own means: a pause, a network that is taken away."""

    def __init__(
        self, compose: Callable[[], Awaitable[Composer]], images: Callable[[], ReleaseImages]
    ) -> None:
        self._compose = compose
        self._images = images

    async def lacks(self, fault: Fault) -> str | None:
        if fault is Fault.CUT_OFF and (await self._compose()).project.settings.database.url is not None:
            return "the database is not ours: cut its network off where it runs"
        if fault is Fault.FILL_DISK and (await self._compose()).project.settings.watch.enabled:
            return "watch does not see in its container a file system that is mounted outside of it"
        return small_disk.lacks() if fault is Fault.FILL_DISK else None

    async def freeze(self, instance: str) -> None:
        container = await named_container(await self._compose(), instance)
        if container.state != "paused":
            await engine.call(commands.pause(container.id), f"freezing {instance}")

    async def thaw(self, instance: str) -> None:
        try:
            container = await named_container(await self._compose(), instance)
        except PlatformError:
            return  # it went meanwhile
        if container.state == "paused":
            await engine.call(commands.unpause(container.id), f"thawing {instance}")

    async def cut_off_database(self) -> None:
        composer = await self._compose()
        container = await named_container(composer, _DATABASE)
        if container.addresses:
            argv = commands.disconnect(f"{composer.project.name}_back", container.id)
            await engine.call(argv, "taking the database off its network")

    async def reconnect_database(self) -> None:
        composer = await self._compose()
        container = await named_container(composer, _DATABASE)
        if not container.addresses:
            network, address = f"{composer.project.name}_back", composer.project.network.back(_DATABASE)
            argv = commands.connect(network, container.id, address)
            await engine.call(argv, "putting the database back on its network")

    async def fill_disk(self) -> str:
        return await small_disk.fill((await self._compose()).project.layout)

    async def empty_disk(self) -> None:
        await small_disk.empty((await self._compose()).project.layout)

    async def vary(self, release: Release, appended: str) -> Release:
        return await self._images().vary(release, appended)
