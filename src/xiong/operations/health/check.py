"""What a check is: a look with a deadline, what it depends on, and which action its fault may trigger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from xiong.model.health import Finding
from xiong.operations.health.scene import Scene


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: short, one word, e.g. `database`.
        look: looks once; what it raises is UNHEALTHY, what takes too long too.
        timeout_seconds: its own deadline.
        depends_on: checks whose fault explains this one's; a victim is never acted upon.
        allows: {cause of a finding: names of the actions it may trigger, mildest first}; a cause without
            actions is for people, also when it is only degraded.
        every_seconds: least time between two looks of the daemon; what was found last stands meanwhile.
    """

    name: str
    look: Callable[[Scene], Awaitable[Finding]]
    timeout_seconds: float = 3.0
    depends_on: tuple[str, ...] = ()
    allows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    every_seconds: float = 0.0
