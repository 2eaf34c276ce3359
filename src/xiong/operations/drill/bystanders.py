"""Those whom a fault is not about: none is restarted because of it, and the healer leaves them be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from xiong.operations.drill.drill import Injected, Stage
from xiong.platforms.base import Platform

_ACTIONS = "recoveries"


async def seen(platform: Platform) -> dict[str, Any]:
    """Who runs now, and what the healer has done so far; for `Injected.before`."""
    return {
        "instances": {i.name: i.identity for i in await platform.instances()},
        "actions": await platform.records.names(_ACTIONS),
    }


async def disturbed(stage: Stage, injected: Injected) -> tuple[str, ...]:
    """Whoever runs as another process than before and was not hit itself; in words."""
    now = {i.name: i.identity for i in await stage.platform.instances()}
    before: dict[str, str] = injected.before["instances"]
    return tuple(
        f"{name} was {'restarted' if name in now else 'ended'}, which the fault is not about"
        for name, identity in before.items()
        if name not in injected.ill and now.get(name) != identity
    )


async def acted(stage: Stage, injected: Injected, allowed: Collection[str] = ()) -> tuple[str, ...]:
    """What the healer did meanwhile besides the `allowed` actions, though nothing could help; in words."""
    known = set(injected.before["actions"])
    documents = [
        await stage.platform.records.read(_ACTIONS, name)
        for name in await stage.platform.records.names(_ACTIONS)
        if name not in known
    ]
    return tuple(
        f"the healer did {d['action']} on {d['target'] or d['check']}, which cures nothing here"
        for d in documents
        if d and d["action"] not in allowed
    )


async def left_alone(stage: Stage, injected: Injected) -> tuple[str, ...]:
    """Both: nobody was disturbed, and the healer did nothing."""
    return (*await disturbed(stage, injected), *await acted(stage, injected))


async def name_of(platform: Platform, service: str) -> str:
    """The one copy of a data store.

    Raises:
        StopIteration: there is none; `lacking` says so before a drill begins.
    """
    return next(i.name for i in await platform.instances(service))


async def lacking(stage: Stage, service: str) -> str | None:
    """Why nothing can be done to that data store here: another runs it."""
    if await stage.platform.instances(service):
        return None
    return f"no {service} of this copy runs here"
