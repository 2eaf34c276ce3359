"""What several faults share: picking their victims, striking them, and letting them go on."""

from __future__ import annotations

import signal

from xiong.errors import PlatformError
from xiong.model.instance import Instance, InstanceState
from xiong.operations.drill.drill import Injected, Note, Stage


async def ready(stage: Stage, service: str) -> list[Instance]:
    """The copies of a service that are ready, by name."""
    found = await stage.platform.instances(service)
    return sorted((one for one in found if one.state is InstanceState.READY), key=lambda one: one.name)


async def strike(stage: Stage, victims: list[Instance], number: signal.Signals) -> Injected:
    """Notes them, then sends each that signal."""
    names = tuple(victim.name for victim in victims)
    await stage.note({"instances": list(names)})
    begun = stage.clock.monotonic()
    for name in names:
        await stage.platform.kill(name, number)
    return Injected(f"{number.name} to {', '.join(names)}", begun, names)


async def go_on(stage: Stage, note: Note) -> None:
    """Ends a stop of whatever was stopped; a process that runs does not feel it."""
    running = {instance.name for instance in await stage.platform.instances()}
    for name in note.get("instances", []):
        if name in running:
            try:
                await stage.platform.kill(name, signal.SIGCONT)
            except PlatformError as error:
                stage.progress(f"{name} is gone already: {error.message}")


async def nothing_to_undo(_stage: Stage, _note: Note) -> None:
    """A dead process is started again by whoever keeps it alive."""


async def two_replicas(stage: Stage) -> str | None:
    """Why one replica cannot be taken away here."""
    found = len(await ready(stage, "api"))
    return None if found >= 2 else f"{found} replicas are ready, 2 are needed (xiong scale 2)"


async def a_watch(stage: Stage) -> str | None:
    """Why nobody can be seen healing here."""
    return None if await ready(stage, "watch") else "no `xiong watch` runs (watch.enabled)"
