"""`xiong drill`: one drill after the other, and what came of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from xiong.config.settings import Settings
from xiong.errors import LeaseHeldError, UnhealthyError, UsageError, XiongError
from xiong.model.drill import DrillOutcome, DrillResult, DrillRun
from xiong.operations.drill import registry, score
from xiong.operations.drill.claim import lacking
from xiong.operations.drill.course import take
from xiong.operations.drill.drill import Drill, Heals, Limits
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


@dataclass(frozen=True)
class ListedDrill:
    """A drill that can be asked for.

    Attributes:
        name: as it is typed.
        title: what happens.
        heals: who ends it.
        limits: what is promised.
        reason: why these limits.
        lacks: why it cannot be run here, or None.
    """

    name: str
    title: str
    heals: Heals
    limits: Limits
    reason: str
    lacks: str | None


@dataclass(frozen=True)
class DrillList:
    """All drills, in the order in which `--all` runs them."""

    drills: tuple[ListedDrill, ...]


def chosen(names: Sequence[str], *, all_of_them: bool) -> tuple[Drill, ...]:
    """The drills of these names, or all.

    Raises:
        UsageError: none is named, or one that there is not.
    """
    if all_of_them and names:
        raise UsageError("--all and names exclude each other", hint="xiong drill --all")
    if not all_of_them and not names:
        raise UsageError("no drill is named", hint="xiong drill --list")
    return registry.DRILLS if all_of_them else tuple(registry.by_name(name) for name in dict.fromkeys(names))


async def listed(platform: Platform, settings: Settings, clock: Clock, progress: Progress) -> DrillList:
    """Which drills there are, and which cannot be run here."""
    lacks = [await lacking(drill, platform, settings, clock, progress) for drill in registry.DRILLS]
    return DrillList(
        tuple(
            ListedDrill(drill.name, drill.title, drill.heals, drill.limits, drill.reason, missing)
            for drill, missing in zip(registry.DRILLS, lacks, strict=True)
        )
    )


async def run(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, drills: Sequence[Drill]
) -> DrillRun:
    """Runs these drills in turn; a service that is not well after one keeps the rest from running.

    Raises:
        UnhealthyError: the service is not well to begin with.
        LeaseHeldError: another verb, or another drill, is at work.
    """
    begun_at, begun = clock.now(), clock.monotonic()
    results: list[DrillResult] = []
    for drill in drills:
        missing = await lacking(drill, platform, settings, clock, progress)
        if missing:
            results.append(_without_run(drill, platform, clock, DrillOutcome.NOT_RUN, missing))
            continue
        try:
            results.append(await take(drill, platform, settings, clock, progress))
        except UnhealthyError as error:
            if not any(result.outcome is not DrillOutcome.NOT_RUN for result in results):
                raise
            results.append(_without_run(drill, platform, clock, DrillOutcome.NOT_RUN, error.message))
        except LeaseHeldError:
            raise
        except XiongError as error:
            failed = _without_run(drill, platform, clock, DrillOutcome.FAILED, error.message)
            await score.keep(platform.records, failed)
            results.append(failed)
        progress(f"drill {drill.name} {results[-1].outcome}")
    return DrillRun(begun_at, round(clock.monotonic() - begun, 1), platform.name, tuple(results))


def _without_run(
    drill: Drill, platform: Platform, clock: Clock, outcome: DrillOutcome, why: str
) -> DrillResult:
    now = clock.now()
    return DrillResult(
        id=f"{now:%Y%m%dT%H%M%SZ}-{drill.name}-{secrets.token_hex(3)}",
        drill=drill.name,
        title=drill.title,
        begun_at=now,
        seconds=0.0,
        platform=platform.name,
        release="",
        outcome=outcome,
        why=(why,),
    )
