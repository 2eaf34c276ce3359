"""The secret key that restored data was written with: people's digests are made by it, so it comes along."""

from __future__ import annotations

import orjson

from xiong.config.secrets import Secret
from xiong.operations.backup.kept_records import CONFIGURATION
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.reading import read_object
from xiong.operations.restore.choose import Choice
from xiong.platforms.base import Platform, Progress

_NAME = "secret-key"


async def foreign_key(platform: Platform, keys: Keys, choice: Choice) -> Secret | None:
    """The secret key of the set, where it is another than this copy's: another copy made it."""
    document = orjson.loads(await read_object(choice.repository, keys, choice.last, CONFIGURATION))
    theirs, ours = document["secrets"].get(_NAME), await platform.kept_secret(_NAME)
    same = theirs is None or ours is None or ours.reveal() == theirs
    return None if same else Secret(theirs)


async def take_over(platform: Platform, key: Secret, progress: Progress) -> None:
    """Whatever begins from now on has that key."""
    progress("the set was made by another copy: its secret key is taken over")
    await platform.keep_secret(_NAME, key)


async def begin_anew(platform: Platform) -> None:
    """Whatever runs begins anew, with the key that was taken over."""
    for instance in await platform.instances():
        if instance.service in {"api", "pager"}:
            await platform.restart(instance.name)
