"""File systems on which the service keeps something, and what there may go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Volume:
    """How full one file system is.

    Attributes:
        name: what is kept there, e.g. `state`; one of a few fixed words.
        free_bytes: what we may still write.
        size_bytes: of the whole.
        free_inodes: files that may still be made.
        inodes: of the whole; 0 where the file system has no fixed number.
    """

    name: str
    free_bytes: int
    size_bytes: int
    free_inodes: int = 0
    inodes: int = 0


@dataclass(frozen=True)
class Surplus:
    """Something on a disk that nothing needs any more.

    Attributes:
        name: in words, e.g. `release 0.1.0-3f9a1c2b7d4e` or `log api-0.log.2`.
        bytes: what its deletion gives back.
    """

    name: str
    bytes: int
