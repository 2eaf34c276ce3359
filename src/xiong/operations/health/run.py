"""Looks at everything at once: `examine` is the one implementation behind `xiong health` and the healer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from redaction import redact
from xiong.config.settings import Settings
from xiong.errors import UsageError, XiongError
from xiong.model.health import Finding, HealthReport, Verdict, worst
from xiong.operations.health.check import Check
from xiong.operations.health.memory import Memory
from xiong.operations.health.registry import CHECKS
from xiong.operations.health.scene import Scene, give_up
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock

_LONGEST_REASON = 200


async def examine(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    names: Sequence[str] = (),
    *,
    memory: Memory | None = None,
    checks: Sequence[Check] = CHECKS,
) -> HealthReport:
    """Looks with the checks of these names, or with all; each is looked with once and none waits for another.

    A check that raises, hangs or is cancelled from within is UNHEALTHY in words and hides no other.

    Args:
        platform: what is looked at.
        settings: where the lines are drawn, and the total timeout.
        clock: whose time counts.
        names: of the checks; none means all.
        memory: what earlier looks found; a check with `every_seconds` is not looked with before its time.
        checks: which there are.

    Raises:
        UsageError: there is no check of that name.
    """
    chosen = choose(names, checks)
    known = memory or Memory()
    at, begun = clock.now(), clock.monotonic()
    async with Scene(platform, settings, clock, known) as scene:
        found = await _findings(chosen, scene, begun)
    return HealthReport(at, worst(found), found, clock.monotonic() - begun)


def choose(names: Sequence[str], checks: Sequence[Check] = CHECKS) -> tuple[Check, ...]:
    """The checks of these names in the order of all; all where none is named.

    Raises:
        UsageError: there is no check of that name.
    """
    present = [check.name for check in checks]
    absent = [name for name in names if name not in present]
    if absent:
        raise UsageError(
            f"no check {', '.join(absent)}: expected one of {', '.join(present)}", hint="xiong health"
        )
    return tuple(check for check in checks if not names or check.name in names)


async def _findings(checks: tuple[Check, ...], scene: Scene, now: float) -> tuple[Finding, ...]:
    memory = scene.memory
    standing = {c.name: memory.standing(c.name, now, c.every_seconds) for c in checks}
    tasks = {c.name: asyncio.create_task(_look(c, scene)) for c in checks if standing[c.name] is None}
    total = scene.settings.health.total_timeout_seconds
    try:
        async with asyncio.timeout(total):
            if tasks:
                await asyncio.wait(tasks.values())
    except TimeoutError:
        pass  # those that are done keep what they found
    finally:
        finished = {name: task.result() for name, task in tasks.items() if _ended(task)}
        await give_up(tasks.values())
    for finding in finished.values():
        memory.keep(finding, now)
    return tuple(standing[c.name] or finished.get(c.name) or _cut_off(c, total) for c in checks)


def _ended(task: asyncio.Task[Finding]) -> bool:
    return task.done() and not task.cancelled()


async def _look(check: Check, scene: Scene) -> Finding:
    begun = scene.clock.monotonic()
    try:
        async with asyncio.timeout(check.timeout_seconds) as deadline:
            found = await check.look(scene)
    except TimeoutError as error:
        found = _late(check) if deadline.expired() else _raised(check, error)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise  # the whole look is given up, not this check by itself
        found = _raised(check, error)
    except Exception as error:
        found = _raised(check, error)
    return replace(found, check=check.name, seconds=scene.clock.monotonic() - begun)


def _late(check: Check) -> Finding:
    words = f"gave no result within its {check.timeout_seconds:g} s"
    return Finding(check.name, Verdict.UNHEALTHY, words, hint="xiong status", cause="late")


def _cut_off(check: Check, seconds: float) -> Finding:
    words = f"gave no result within the {seconds:g} s for all checks (health.total_timeout_seconds)"
    return Finding(check.name, Verdict.UNHEALTHY, words, hint="xiong status", cause="late", seconds=seconds)


def _raised(check: Check, error: BaseException) -> Finding:
    words, hint = str(error), "xiong status"
    if isinstance(error, XiongError):
        words, hint = error.message, error.hint or hint
    reason = redact(" ".join(words.split()))[:_LONGEST_REASON]
    told = f"the check itself failed: {type(error).__name__}{f': {reason}' if reason else ''}"
    return Finding(check.name, Verdict.UNHEALTHY, told, hint=hint, cause="failed")
