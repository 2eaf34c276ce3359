"""What a drill is: a fault that is really made, what is promised about it, and how it is undone.

`registry` names them all, `course` takes one from the steady state to its score.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xiong.config.settings import Settings
from xiong.model.drill import DrillResult
from xiong.operations.drill.load import DrillLoad
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

Note = dict[str, Any]
"""JSON: what `undo` needs to know."""


class Heals(StrEnum):
    """Who ends the fault."""

    SUPERVISOR = "supervisor"  # whatever keeps the processes alive
    HEALER = "healer"  # `xiong watch`
    CLEANUP = "cleanup"  # nobody may: it stands for a while, is undone, and the service must come back
    REFUSED = "refused"  # it never gets in: making it is refused, and the service goes on


class Unanswered(StrEnum):
    """Which messages may stay unanswered at the first try; each is tried again and must then get through."""

    NONE = "none"
    IN_FLIGHT = "in flight"  # those that were under way to a process when it was hit
    WHILE_ILL = "while ill"  # those sent until the service was healthy again


@dataclass(frozen=True)
class Limits:
    """What is promised; None is not promised and only shown.

    A message that was answered and is not stored, or that never gets through, is lost: never allowed.

    Attributes:
        heal_seconds: until all is healthy again: from the fault; where `CLEANUP` heals, from the undoing;
            where it is `REFUSED`, until it was refused.
        detect_seconds: until the checks of `xiong watch` saw it.
        told_seconds: until operators were told of it.
        page_seconds: until a message in danger, sent when the fault began, was taken by every channel.
        unanswered: see `Unanswered`.
        unanswered_seconds: with `IN_FLIGHT`, messages sent so long after the blow are excused too: until the
            proxy's check finds a replica that hangs.
    """

    heal_seconds: float
    detect_seconds: float | None = None
    told_seconds: float | None = None
    page_seconds: float | None = None
    unanswered: Unanswered = Unanswered.IN_FLIGHT
    unanswered_seconds: float = 0.0


@dataclass(frozen=True)
class Seen:
    """As what the fault shows.

    Attributes:
        check: the check that finds it.
        causes: the causes it may name; the first look may see another than the second.
        restarts_of: the service whose restart shows it too: what is healed in half a second no check sees.
    """

    check: str
    causes: tuple[str, ...]
    restarts_of: str | None = None


@dataclass(frozen=True)
class Injected:
    """A fault that stands.

    Attributes:
        what: what was done, in words.
        began: `clock.monotonic()` right before the blow.
        ill: the instances that were hit.
        before: whatever `after` needs to compare with.
        faults: what went otherwise than promised, in words, where making the fault shows it (`REFUSED`).
    """

    what: str
    began: float
    ill: tuple[str, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """Where a drill plays.

    Attributes:
        load: the messages that are sent all through the drill.
        note: writes down, durably, what is about to be done; call it before each blow. The notes of one drill
            are merged, and `undo` gets them: after a `kill -9` of the drill they are all that is left.
        stack: what is entered here (an open connection, a task in the background) is left before `undo`.
    """

    platform: Platform
    settings: Settings
    clock: Clock
    progress: Progress
    load: DrillLoad
    note: Callable[[Note], Awaitable[None]]
    stack: AsyncExitStack


async def _nothing_more(_stage: Stage, _injected: Injected) -> tuple[str, ...]:
    return ()


async def runs_anywhere(_stage: Stage) -> str | None:
    """For a drill that needs nothing special."""
    return None


@dataclass(frozen=True)
class Drill:
    """One drill.

    Attributes:
        name: as it is typed, e.g. `kill-replica`.
        title: what happens, one line.
        limits: what is promised.
        reason: why these limits, one line.
        seen: as what `xiong watch` sees it; None where nothing is to be seen (`REFUSED`).
        heals: who ends it.
        inject: makes the fault. It notes first, then strikes.
        undo: takes it back by the note alone. Always called at the end, and by the next `xiong drill` or
            `xiong watch` after a `kill -9` of this one: what is gone already is no error.
        needs: why it cannot be run here, in words, or None.
        holds_seconds: how long a fault stands that only the cleanup heals.
        after: looks once all is healthy again at what else was promised; says in words what is not so.
        own_way: carries the whole drill out instead, where nothing that serves is broken.
    """

    name: str
    title: str
    limits: Limits
    reason: str
    seen: Seen | None
    heals: Heals
    inject: Callable[[Stage], Awaitable[Injected]]
    undo: Callable[[Stage, Note], Awaitable[None]]
    needs: Callable[[Stage], Awaitable[str | None]] = runs_anywhere
    holds_seconds: float = 20.0
    after: Callable[[Stage, Injected], Awaitable[tuple[str, ...]]] = _nothing_more
    own_way: OwnWay | None = None


OwnWay = Callable[[Drill, Platform, Settings, Clock, Progress], Awaitable[DrillResult]]
