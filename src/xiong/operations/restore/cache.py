"""The cache's folder out of a set: loaded by a second server, for the live one to go on with."""

from __future__ import annotations

import asyncio
from pathlib import Path

from xiong.datastores import valkey_restore
from xiong.errors import PlatformError
from xiong.operations.backup.create import CACHE
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.reading import open_object
from xiong.operations.restore.choose import Choice
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock, wait_for

_SECONDS = 300.0


def holds(choice: Choice) -> bool:
    """Whether the set has a snapshot of the cache."""
    return choice.last.cache is not None and any(part.name == CACHE for part in choice.last.objects)


async def fetch(platform: Platform, clock: Clock, keys: Keys, choice: Choice, name: str) -> Path:
    """A folder that the live server can go on with.

    Raises:
        PlatformError: the snapshot does not load.
    """
    folder = await platform.stores.place("valkey", name)
    file = folder / valkey_restore.SNAPSHOT
    with file.open("wb") as opened:
        async for chunk in open_object(choice.repository, keys, choice.last, CACHE):
            await asyncio.to_thread(opened.write, chunk)
    async with platform.stores.scratch("valkey", folder, valkey_restore.OPTIONS) as access:
        loading = valkey_restore.Loading(access)

        async def loaded() -> bool:
            return await loading.keys() is not None

        try:
            await wait_for(loaded, what="the cache's snapshot, loaded", seconds=_SECONDS, clock=clock)
            await wait_for(loading.kept, what="the cache's append-only file", seconds=_SECONDS, clock=clock)
            keys_there = await loading.keys()
        finally:
            await loading.close()
    expected = choice.last.cache.keys if choice.last.cache else 0
    if expected and not keys_there:
        raise PlatformError(f"the cache's snapshot holds no key, expected about {expected}")
    file.unlink(missing_ok=True)
    await platform.stores.hand_over("valkey", folder)
    return folder
