"""What a bundle is: its files, what was taken out of them, and what could not be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class BundledFile:
    """One file of a bundle.

    Attributes:
        name: its path in the archive.
        bytes: its size, nothing packed.
        sha256: of its content.
        personal: how many pieces of personal data were taken out.
        secrets: how many secrets were taken out.
        fault: why it is not there or not whole, in words; empty when it is.
    """

    name: str
    bytes: int
    sha256: str
    personal: int = 0
    secrets: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Manifest:
    """What stands in the archive's own `manifest.json`.

    Attributes:
        at: when it was made, UTC.
        since: log lines from then on are in it, UTC.
        version: of the tool.
        files: every other file, in the archive's order.
    """

    at: datetime
    since: datetime
    version: str
    files: tuple[BundledFile, ...]


@dataclass(frozen=True)
class Bundle:
    """A bundle that was made, or would be.

    Attributes:
        file: the archive; None after `--dry-run`, which keeps none.
        bytes: its size, packed.
        missing: how many parts could not be had; each says why in its `fault`.
        manifest: what is in it.
    """

    file: str | None
    bytes: int
    missing: int
    manifest: Manifest
