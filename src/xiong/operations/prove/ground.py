"""What every area of `xiong prove` stands on."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.config.settings import Settings
from xiong.platforms.base import Platform, Progress
from xiong.platforms.collectors import Collectors
from xiong.tools.clock import Clock


@dataclass(frozen=True)
class Ground:
    """The copy that is proved, and the components that are here.

    Attributes:
        only: artifacts whose name begins with one of these; empty means all.
    """

    platform: Platform
    settings: Settings
    clock: Clock
    progress: Progress
    collectors: Collectors
    only: tuple[str, ...] = ()

    def wants(self, artifact: str) -> bool:
        return not self.only or artifact.startswith(self.only)
