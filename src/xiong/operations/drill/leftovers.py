"""What a killed drill left: undone by the next `xiong drill`, or by `xiong watch` within a cycle."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from xiong.config.settings import Settings
from xiong.operations.drill import registry, standing
from xiong.operations.drill.drill import Stage
from xiong.operations.drill.load import DrillLoad
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


async def undo_leftovers(platform: Platform, settings: Settings, clock: Clock, told: Progress) -> bool:
    """Undoes what a drill whose process is gone had broken; whether there was anything.

    Raises:
        XiongError: it cannot be undone now; what is left stays noted.
    """
    left = await standing.read(platform.records)
    if left is None or left.lives(clock.now()):
        return False

    async def nothing_to_note(_: dict[str, Any]) -> None:
        """Undoing breaks nothing."""

    async with AsyncExitStack() as stack:
        stage = Stage(platform, settings, clock, told, DrillLoad(), nothing_to_note, stack)
        await registry.by_name(left.drill).undo(stage, left.note)
    await standing.clear(platform.records)
    told(f"undid what `drill {left.drill}` of {left.begun_at:%Y-%m-%d %H:%M:%S} UTC left")
    return True
