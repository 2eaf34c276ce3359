"""Picks `backup_manifest` out of a base backup as it goes by; the next increment and `verify` need it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson

from xiong.errors import XiongError

_BLOCK = 512
_NAME = b"backup_manifest"


class BaseManifestError(XiongError):
    """A base backup has no end: its manifest is not in it."""


@dataclass(frozen=True)
class Range:
    """From where to where a base backup needs the log.

    Attributes:
        timeline: of both.
        start, stop: LSNs.
    """

    timeline: int
    start: str
    stop: str


class Catcher:
    """Reads the headers of a tar stream; only the manifest's content is kept."""

    def __init__(self) -> None:
        self._skip = 0
        self._take = 0
        self._held = b""
        self._found = bytearray()

    @property
    def manifest(self) -> bytes:
        """The manifest, once the stream has ended.

        Raises:
            BaseManifestError: it did not come.
        """
        if not self._found or self._take:
            raise BaseManifestError("the base backup ended without its backup_manifest", hint="xiong backup")
        return bytes(self._found)

    async def watch(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks."""
        async for chunk in source:
            self._see(chunk)
            yield chunk

    def _see(self, chunk: bytes) -> None:
        view = self._held + chunk if self._held else chunk
        at, self._held = 0, b""
        while at < len(view):
            if self._take:
                piece = view[at : at + self._take]
                self._found += piece
                self._take -= len(piece)
                at += len(piece)
            elif self._skip:
                step = min(self._skip, len(view) - at)
                self._skip -= step
                at += step
            elif len(view) - at < _BLOCK:
                self._held = view[at:]
                return
            else:
                self._header(view[at : at + _BLOCK])
                at += _BLOCK

    def _header(self, block: bytes) -> None:
        """POSIX ustar: name at 0, size in octal (or base 256) at 124."""
        if not any(block):
            return
        field = block[124:136]
        large = field[0] & 0x80
        size = int.from_bytes(field[1:], "big") if large else int(field.strip(b"\0 ") or b"0", 8)
        padding = -size % _BLOCK
        if block[:100].rstrip(b"\0") == _NAME:
            self._take, self._skip = size, padding
        else:
            self._skip = size + padding


def log_range(manifest: bytes) -> Range:
    """What the server wrote of it.

    Raises:
        BaseManifestError: it cannot be read.
    """
    try:
        last = orjson.loads(manifest)["WAL-Ranges"][-1]
        return Range(int(last["Timeline"]), str(last["Start-LSN"]), str(last["End-LSN"]))
    except (orjson.JSONDecodeError, KeyError, IndexError) as error:
        raise BaseManifestError("the base backup's manifest cannot be read") from error
