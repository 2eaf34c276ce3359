"""Records as JSON files in the state folder: releases, history, the rollout under way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xiong.tools import files


class FileRecords:
    """`RecordStore` over one folder: `KIND/NAME.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, kind: str, name: str) -> dict[str, Any] | None:
        document: dict[str, Any] | None = files.read_json(self._path(kind, name))
        return document

    async def write(self, kind: str, name: str, document: dict[str, Any]) -> None:
        files.write_json(self._path(kind, name), document)

    async def names(self, kind: str) -> list[str]:
        return sorted(p.stem for p in (self._folder / kind).glob("*.json"))

    async def delete(self, kind: str, name: str) -> None:
        self._path(kind, name).unlink(missing_ok=True)

    def _path(self, kind: str, name: str) -> Path:
        return self._folder / kind / f"{name}.json"
