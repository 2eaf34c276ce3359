"""What a part of a bundle is: a file of the archive and where its lines come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiong.config.settings import Settings
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock

Pieces = AsyncIterator[str | dict[str, Any] | list[Any]]
"""Lines as they are, or documents, which are walked value by value and then indented."""


@dataclass(frozen=True)
class Subject:
    """What a bundle is made of.

    Attributes:
        since: what was logged before is left out, UTC.
    """

    platform: Platform
    settings: Settings
    clock: Clock
    since: datetime


@dataclass(frozen=True)
class Part:
    """One file of the archive.

    Attributes:
        name: its path there, always the same.
        pieces: gives what it holds; whatever it raises is why the part could not be had.
        timeout_seconds: its own deadline, so that what hangs keeps no other part away.
    """

    name: str
    pieces: Callable[[Subject], Pieces]
    timeout_seconds: float = 15.0
