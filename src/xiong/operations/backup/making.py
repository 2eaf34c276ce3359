"""A set while it is being written: what all its steps need, and how each object is added."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from xiong.config.settings import Settings
from xiong.model.backup import StoredObject
from xiong.model.documents import to_document
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.repository import Repository
from xiong.operations.backup.writing import Meter, at_once, write_object
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


@dataclass
class Making:
    """One set.

    Attributes:
        id: of the set.
        objects: those that are stored in every repository by now.
    """

    id: str
    platform: Platform
    settings: Settings
    clock: Clock
    progress: Progress
    keys: Keys
    repositories: list[Repository]
    objects: list[StoredObject] = field(default_factory=list)

    async def add(self, name: str, source: AsyncIterator[bytes], expected_bytes: int = 0) -> None:
        """Seals and stores one object."""
        meter = Meter(self.clock, self.progress, expected_bytes)
        level = self.settings.backup.compression_level
        stream = meter.through(name, source)
        self.objects.append(
            await write_object(self.repositories, self.keys, self.id, name, stream, level=level)
        )

    async def add_document(self, name: str, document: Any) -> None:
        """One that is JSON."""
        await self.add(name, at_once(orjson.dumps(to_document(document), option=orjson.OPT_INDENT_2)))
