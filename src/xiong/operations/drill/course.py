"""One drill from the steady state to its score; what it breaks it mends, however it ends."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from xiong.config.settings import Settings
from xiong.errors import DeadlineError
from xiong.model.drill import DrillOutcome, DrillResult, Measure
from xiong.operations.drill import score
from xiong.operations.drill.claim import Claim, claimed
from xiong.operations.drill.drill import Drill, Heals, Injected
from xiong.operations.drill.load import not_kept, running_load
from xiong.operations.drill.measuring import DETECT, HEAL, PAGE, TOLD, Blow, Measuring
from xiong.operations.drill.score import Spell
from xiong.operations.drill.sightings import Sightings
from xiong.operations.drill.steady import Steady
from xiong.operations.journal import Journal
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

# Enough to see half a second of silence, and little enough that what waited for a small machine gets through.
_PER_SECOND = 5.0
_SETTLE_SECONDS = 30.0
_AFTERWARDS_SECONDS = 60.0
_BY_THE_HEALER = (Heals.HEALER, Heals.CLEANUP)  # to the latter it says that it can do nothing
_ORDER = (DETECT, TOLD, PAGE, HEAL)


@dataclass(frozen=True)
class Struck:
    """A fault that was made, measured and mended."""

    what: str
    measures: tuple[Measure, ...]
    spell: Spell
    faults: tuple[str, ...]


async def take(
    drill: Drill, platform: Platform, settings: Settings, clock: Clock, progress: Progress
) -> DrillResult:
    """Runs one drill and keeps its result.

    Raises:
        UnhealthyError: the service is not well; nothing was done.
        LeaseHeldError: another verb, or another drill, is at work.
    """
    if drill.own_way is not None:
        return await drill.own_way(drill, platform, settings, clock, progress)
    begun_at, begun, run = clock.now(), clock.monotonic(), secrets.token_hex(3)
    endpoint = await platform.endpoint()
    async with (
        claimed(drill, platform, settings, clock, progress) as claim,
        running_load(
            endpoint,
            run,
            _PER_SECOND,
            clock,
            settle_seconds=_SETTLE_SECONDS,
            load=claim.stage.load,
        ),
    ):
        struck = await _struck(drill, claim)
    sent = claim.stage.load.sent
    lost = await not_kept(endpoint, sent, _SETTLE_SECONDS, clock)
    load = score.count(sent, lost, drill.limits, struck.spell)
    why = (
        *score.broken(struck.measures, load),
        *score.left_alone(score.unexcused(sent, drill.limits, struck.spell), drill.limits, struck.spell),
        *struck.faults,
    )
    committed = await Journal(platform.records).committed()
    result = DrillResult(
        id=f"{begun_at:%Y%m%dT%H%M%SZ}-{drill.name}-{run}",
        drill=drill.name,
        title=drill.title,
        begun_at=begun_at,
        seconds=round(clock.monotonic() - begun, 1),
        platform=platform.name,
        release=committed.release if committed else "",
        outcome=DrillOutcome.FAILED if why else DrillOutcome.PASSED,
        why=why,
        injected=struck.what,
        measures=struck.measures,
        load=load,
    )
    await score.keep(platform.records, result)
    return result


async def _struck(drill: Drill, claim: Claim) -> Struck:
    stage = claim.stage
    steady = Steady(stage.platform, stage.settings, stage.clock, stage.load, drill.seen)
    sightings = Sightings(stage.platform, stage.settings, stage.clock)
    stage.progress(f"drill {drill.name}: waits until all is well")
    await steady.begin()
    if drill.heals in _BY_THE_HEALER:
        await steady.healer_rests()
    await sightings.begin()
    before = {one.name: one.identity for one in await stage.platform.instances()}
    injected = await drill.inject(stage)
    struck = stage.clock.monotonic()
    stage.progress(injected.what)
    blow = _blow(injected, before, stage.clock)
    measures, healed = await _measured(drill, claim, Measuring(drill, stage, steady, sightings), blow, struck)
    left = await _left_well(steady, stage.clock)
    after = await drill.after(stage, injected)
    return Struck(
        what=injected.what,
        measures=tuple(measures[name] for name in _ORDER),
        spell=Spell(injected.began, struck, healed),
        faults=(*injected.faults, *left, *after),
    )


async def _measured(
    drill: Drill, claim: Claim, measuring: Measuring, blow: Blow, struck: float
) -> tuple[dict[str, Measure], float]:
    """All measures, the fault mended, and when all was well again (infinite where it never was)."""
    paging = asyncio.create_task(measuring.page())
    try:
        measures = await measuring.while_it_stands(blow)
        mended = claim.stage.clock.monotonic()
        await claim.mend()
        if drill.heals is Heals.CLEANUP:
            blow = Blow(claim.stage.clock.now(), mended)
            measures[HEAL] = await measuring.heal(blow)
        elif drill.heals is Heals.REFUSED:
            measures[HEAL] = Measure(HEAL, round(struck - blow.began, 3), drill.limits.heal_seconds)
        measures[PAGE] = await paging
    finally:
        paging.cancel()
    seconds = measures[HEAL].seconds
    return measures, float("inf") if seconds is None else blow.began + seconds


def _blow(injected: Injected, before: Mapping[str, str], clock: Clock) -> Blow:
    at = clock.now() - timedelta(seconds=clock.monotonic() - injected.began)
    return Blow(at, injected.began, frozenset(before[name] for name in injected.ill if name in before))


async def _left_well(steady: Steady, clock: Clock) -> tuple[str, ...]:
    """A drill leaves behind what it found, or says what is amiss."""
    try:
        await steady.well(clock.monotonic() + _AFTERWARDS_SECONDS, frozenset())
    except DeadlineError:
        said = "; ".join(steady.seen) or "messages do not get through"
        return (f"afterwards it is not well: {said}",)
    return ()
