"""What PAGING_FILE says, with its channels ready to send; read again when the file changes.

The pager asks for `plan` at every round. A file that cannot be used any more changes nothing: the last
good one stays in force.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.logs import Log
from api.pager.channels.base import Channel
from api.pager.channels.build import build_channels
from api.pager.configuration import Configuration, load
from api.pager.places import ConfigurationError


@dataclass(frozen=True)
class Plan:
    """Who is called, and the channels to do it by."""

    configuration: Configuration
    channels: Mapping[str, Channel]


class Planning:
    """The plan in force."""

    def __init__(self, path: Path | None, log: Log) -> None:
        self._path = path
        self._log = log
        self._seen: tuple[int, ...] | None = None
        self._replaced: list[Mapping[str, Channel]] = []
        self.plan: Plan | None = None

    def begin(self) -> None:
        """Reads the file for the first time; raises ConfigurationError where it cannot be used."""
        if self._path is None:
            self._log.error(
                "PAGING_FILE is not set: pages stay open and nobody is called", action="paging.unset"
            )
            return
        self._seen = _version(self._path)
        self._take(load(self._path))

    async def look(self) -> bool:
        """Reads the file again where it changed; says whether another plan is in force."""
        if self._path is None or (seen := _version(self._path)) in (None, self._seen):
            return False
        self._seen = seen
        try:
            configuration = load(self._path)
        except ConfigurationError as error:
            self._log.error(
                "PAGING_FILE cannot be used; the last good one stays", action="paging.refused", error=error
            )
            return False
        await self._close_replaced()
        self._take(configuration)
        self._log.info("PAGING_FILE was read", action="paging.read")
        return True

    def _take(self, configuration: Configuration) -> None:
        if self.plan is not None:
            # sends of now still use them
            self._replaced.append(self.plan.channels)
        self.plan = Plan(configuration, build_channels(configuration.channels))

    async def _close_replaced(self) -> None:
        replaced, self._replaced = self._replaced, []
        for channels in replaced:
            for channel in channels.values():
                await channel.aclose()

    async def aclose(self) -> None:
        """Lets go of all connections."""
        await self._close_replaced()
        for channel in self.plan.channels.values() if self.plan else ():
            await channel.aclose()


def _version(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
