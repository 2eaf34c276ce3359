"""What an action is: something that may cure a fault, and what it may disturb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xiong.config.settings import Settings
from xiong.model.health import Finding
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock


@dataclass(frozen=True)
class Patient:
    """On what an action works.

    Attributes:
        finding: what was found.
        target: the instance it is about, or empty.
    """

    platform: Platform
    settings: Settings
    clock: Clock
    finding: Finding
    target: str = ""


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        name: e.g. `restart-replica`.
        blast_radius: what it may disturb, in words.
        plan: says in words what `act` would do now, and changes nothing.
        act: does it and returns what was done, in words; raises XiongError where it did not work.
        per_instance: whether it is about one instance of several; then the healthy fraction is guarded.
        targeted: whether it is done to one ill instance all the same, whatever the others are like.
    """

    name: str
    blast_radius: str
    plan: Callable[[Patient], Awaitable[str]]
    act: Callable[[Patient], Awaitable[str]]
    per_instance: bool = False
    targeted: bool = False
