"""`xiong prove`: which areas there are, and one run over those that are wanted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from xiong.config.settings import Settings
from xiong.errors import UsageError
from xiong.operations.prove import alerts, dashboards
from xiong.operations.prove.ground import Ground
from xiong.operations.prove.matrix import Matrix, Proof
from xiong.platforms.base import Platform, Progress
from xiong.platforms.collectors import find_collectors
from xiong.tools.clock import Clock

AREAS: dict[str, Callable[[Ground], Awaitable[list[Proof]]]] = {
    alerts.AREA: alerts.prove,
    dashboards.AREA: dashboards.prove,
}


async def prove(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    *,
    areas: Sequence[str],
    only: Sequence[str] = (),
    required: bool = False,
) -> Matrix:
    """Runs the areas one after another; none named means all.

    Raises:
        UsageError: an area is not known.
    """
    unknown = [name for name in areas if name not in AREAS]
    if unknown:
        raise UsageError(f"no area {', '.join(unknown)}: expected {', '.join(AREAS)}", hint="xiong prove")
    begun = clock.monotonic()
    ground = Ground(platform, settings, clock, progress, find_collectors(), tuple(only))
    proofs: list[Proof] = []
    for name in areas or AREAS:
        proofs += await AREAS[name](ground)
    return Matrix(tuple(proofs), required, round(clock.monotonic() - begun, 1))
