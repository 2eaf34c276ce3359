"""What a platform can break of itself on purpose, and mend again; for `operations/drill` alone.

Each breaking has its mending, which works by names alone: after a `kill -9` whoever comes next can do it, and
what is mended already is no error. Nothing here touches data.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from xiong.model.release import Release


class Fault(StrEnum):
    """What can be asked for."""

    FREEZE = "freeze"
    CUT_OFF = "cut off"
    FILL_DISK = "fill disk"
    VARY = "vary"


class Faults(Protocol):
    """The faults of one copy."""

    async def lacks(self, fault: Fault) -> str | None:
        """Why this fault cannot be made here, in words; None where it can."""
        ...

    async def freeze(self, instance: str) -> None:
        """Stops all processes of one copy in their tracks: connections stay, nothing answers."""
        ...

    async def thaw(self, instance: str) -> None:
        """Lets a frozen copy go on."""
        ...

    async def cut_off_database(self) -> None:
        """From now on no packet reaches this copy's database; nobody is told so.

        Raises:
            PlatformError: the system does not let us.
        """
        ...

    async def reconnect_database(self) -> None:
        """Packets reach it again."""
        ...

    async def fill_disk(self) -> str:
        """Fills a small file system of its own among this copy's logs, never the machine's; says where.

        Raises:
            PlatformError: the system does not let us.
        """
        ...

    async def empty_disk(self) -> None:
        """The small file system is gone."""
        ...

    async def vary(self, release: Release, appended: str) -> Release:
        """Stages a release that differs from a staged one by lines at the end of `api/main.py`."""
        ...
