"""`memory`: what the machine, or our container's limit, has left; and who holds most of it."""

from __future__ import annotations

from xiong.config.healing import HealthSettings
from xiong.model.health import Figure, Finding, Verdict
from xiong.model.memory import MemoryUse
from xiong.operations.health.check import Check
from xiong.operations.health.checks.wording import not_run, size
from xiong.operations.health.scene import Scene


async def look(scene: Scene) -> Finding:
    """Asks the platform."""
    used = await scene.platform.memory()
    if used is None:
        return not_run("memory", "the platform does not tell it")
    return judge(used, scene.settings.health)


def judge(used: MemoryUse, limits: HealthSettings) -> Finding:
    """Half of the least available share is UNHEALTHY: then the kernel soon ends somebody."""
    share, least = used.available_bytes / used.size_bytes, limits.memory_free_share
    figures = (
        Figure("available", share, "share", least),
        *(Figure(f"{name} resident", held, "bytes") for name, held in used.resident),
    )
    words = f"{size(used.available_bytes)} of {size(used.size_bytes)} available ({share:.0%})"
    if used.resident:
        name, held = max(used.resident, key=lambda entry: entry[1])
        words += f", most is held by {name}: {size(held)}"
    if share >= least:
        return Finding("memory", Verdict.HEALTHY, words, figures=figures)
    verdict = Verdict.UNHEALTHY if share < least / 2 else Verdict.DEGRADED
    words += f"; at least {least:.0%} are meant"
    return Finding("memory", verdict, words, hint="ps aux --sort=-rss", figures=figures, cause="memory")


MEMORY = Check("memory", look, allows=(("memory", ()),))
