"""A file system on which the service keeps something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Volume:
    """How full one file system is.

    Attributes:
        name: what is kept there, e.g. `state`; one of a few fixed words.
        free_bytes: what we may still write.
        size_bytes: of the whole.
    """

    name: str
    free_bytes: int
    size_bytes: int
