"""Where a platform keeps small documents: releases, history, what is under way."""

from __future__ import annotations

from typing import Any, Protocol


class RecordStore(Protocol):
    """Small JSON documents that outlive every process: files, labels, ConfigMaps.

    A write is atomic: a reader sees the old document or the new one, also after a power cut.
    """

    async def read(self, kind: str, name: str) -> dict[str, Any] | None: ...

    async def write(self, kind: str, name: str, document: dict[str, Any]) -> None: ...

    async def names(self, kind: str) -> list[str]:
        """All names of that kind, sorted."""
        ...

    async def delete(self, kind: str, name: str) -> None:
        """Forgets it; not an error when it is not there."""
        ...
