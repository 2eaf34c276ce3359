"""`clock`: ours against the database's, and whether ours was set since the look before.

Leases, receipts and the deadlines of pages are written with it. No time server is asked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from xiong.datastores.away import Away
from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.health.check import Check
from xiong.operations.health.checks.database import database_facts
from xiong.operations.health.checks.wording import span
from xiong.operations.health.scene import ANSWER_SECONDS, Scene

_NAME = "clock"
_TOLD_SECONDS = 60.0
"""How long a step is told: long enough to be seen in several looks."""


@dataclass(frozen=True)
class _Note:
    """The look before: both clocks, and the step that was seen last."""

    wall: datetime
    monotonic: float
    step: float = 0.0
    stepped_at: float = 0.0


async def look(scene: Scene) -> Finding:
    """Without a database that answers, and without a look before, there is nothing to compare."""
    most = scene.settings.health.clock_skew_seconds
    note = _step(scene, most)
    scene.memory.notes[_NAME] = note
    ahead = await _ahead(scene)
    simulated = await _simulated(scene)
    skew = (ahead or 0.0) + simulated
    figures = (Figure("ahead of the database", -skew, "s", most), Figure("step", note.step, "s", most))
    fault = ""
    if abs(skew) > most:
        told = "simulated, " if simulated else ""
        fault = (
            f"our clock and the database's differ by {abs(skew):.1f} s ({told}at most {most:g} s are meant)"
        )
    elif note.step:
        word = "forward" if note.step > 0 else "back"
        fault = f"our clock was set {word} by {span(abs(note.step))} since the look before"
    if fault:
        return Finding(_NAME, Verdict.DEGRADED, fault, hint="timedatectl", figures=figures, cause="skew")
    words = f"{abs(skew):.2f} s beside the database's" if ahead is not None else "no database to compare with"
    return Finding(_NAME, Verdict.HEALTHY, words, figures=figures)


def _step(scene: Scene, most: float) -> _Note:
    """How far the wall clock went beyond the time that passed, since the look before."""
    wall, monotonic = scene.clock.now(), scene.clock.monotonic()
    before = scene.memory.notes.get(_NAME)
    if not isinstance(before, _Note):
        return _Note(wall, monotonic)
    step = (wall - before.wall).total_seconds() - (monotonic - before.monotonic)
    if abs(step) > most:
        return _Note(wall, monotonic, step, monotonic)
    if before.step and monotonic - before.stepped_at < _TOLD_SECONDS:
        return _Note(wall, monotonic, before.step, before.stepped_at)
    return _Note(wall, monotonic)


async def _ahead(scene: Scene) -> float | None:
    """Seconds by which the database's clock is ahead; a database that is away is not this check's affair."""
    if await scene.committed() is None:
        return None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            facts = await database_facts(scene)
    except TimeoutError:
        return None
    return None if isinstance(facts, Away) else facts.ahead_seconds


async def _simulated(scene: Scene) -> float:
    """What a drill adds, since nobody sets the clock of a machine that serves."""
    document = await scene.platform.records.read("drill", "clock-offset")
    return float(document["seconds"]) if document else 0.0


CLOCK = Check(_NAME, look, allows=(("skew", ()),))
