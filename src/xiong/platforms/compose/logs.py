"""What the containers print, by the engine's own log driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

from xiong.platforms.compose import commands, engine
from xiong.platforms.compose.engine import Container
from xiong.tools import piping


async def lines(containers: Sequence[Container], *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
    """(instance, line) of each; with `follow`, as they print."""
    if not follow:
        for container in containers:
            async for line in _lines(container, follow=False):
                yield container.service, line
        return
    printed: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(maxsize=1000)

    async def listen(container: Container) -> None:
        async for line in _lines(container, follow=True):
            await printed.put((container.service, line))

    async with AsyncExitStack() as stack:
        listening = [asyncio.create_task(listen(container)) for container in containers]
        for task in listening:
            stack.callback(task.cancel)
        while True:
            yield await printed.get()


async def _lines(container: Container, *, follow: bool) -> AsyncIterator[bytes]:
    argv = commands.logs(container.id, follow=follow)
    async with piping.source(argv, environment=engine.environment(), merged=True) as chunks:
        rest = b""
        async for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line
        if rest:
            yield rest
