"""`cache`: it answers, takes a key of ours and gives it back, has room, and keeps what it takes."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.datastores import valkey
from xiong.datastores.away import Away
from xiong.datastores.valkey import CacheFacts
from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.health.check import Check
from xiong.operations.health.checks.stores import absence
from xiong.operations.health.checks.wording import nothing_here, size
from xiong.operations.health.scene import ANSWER_SECONDS, Scene


async def look(scene: Scene) -> Finding:
    """Writes one key of its own, reads it, and removes it."""
    if await scene.committed() is None:
        return nothing_here("cache")
    url = await scene.platform.store_url("valkey")
    facts = await valkey.ask(url, timeout_seconds=ANSWER_SECONDS)
    if isinstance(facts, Away):
        return await absence("cache", "valkey", facts, scene)
    return judge(facts, scene.settings)


def judge(facts: CacheFacts, settings: Settings) -> Finding:
    """A refused write is UNHEALTHY; a limit that comes near is DEGRADED."""
    share = facts.used_bytes / facts.limit_bytes if facts.limit_bytes else 0.0
    most = settings.health.cache_memory_share
    figures = (
        Figure("answer", facts.seconds, "s", ANSWER_SECONDS),
        Figure("memory", facts.used_bytes, "bytes", facts.limit_bytes or None),
        Figure("memory used", share, "share", most),
    )
    used = (
        f"{size(facts.used_bytes)} of {size(facts.limit_bytes)}" if facts.limit_bytes else "no memory limit"
    )
    verdict, cause, words = Verdict.HEALTHY, "", f"a key was written and read, memory {used}"
    if facts.append_only and not facts.last_write_ok:
        verdict, cause = Verdict.UNHEALTHY, "aof"
        words = "the last write to its append-only file failed: what it takes now, a restart loses"
    elif facts.write_fault:
        verdict, cause = Verdict.UNHEALTHY, "memory" if facts.out_of_memory else "failed"
        words = f"{facts.write_fault}; memory {used}"
    elif share >= most:
        verdict, cause = Verdict.DEGRADED, "memory"
        words = f"{used} of memory are used, {share:.0%}, at most {most:.0%} are meant (cache.max_memory)"
    elif not facts.append_only and settings.cache.url is None:
        verdict, cause = Verdict.DEGRADED, "aof"
        words = "its append-only file is switched off: a restart loses all sessions"
    hint = {"": "", "aof": "xiong health disk"}.get(cause, "xiong health cache")
    return Finding("cache", verdict, words, hint=hint, figures=figures, cause=cause)


CACHE = Check(
    "cache",
    look,
    depends_on=("disk", "memory"),
    allows=(("down", ("restart-store",)), ("memory", ()), ("aof", ())),
)
