"""One of several replicas is slow: it mostly stands still, and never long enough to be called hung."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Seen, Stage, Unanswered
from xiong.operations.drill.faults import striking

# The proxy takes a replica away whose check takes longer than 1 s.
_STANDS_SECONDS = 0.5
_RUNS_SECONDS = 0.3
_SLOW_SECONDS = _STANDS_SECONDS / 2  # a message reaches it at any moment of its standing still


async def _slow_down(stage: Stage) -> Injected:
    victim = (await striking.ready(stage, "api"))[0]
    await stage.note({"instances": [victim.name]})
    begun = stage.clock.monotonic()
    await stage.stack.enter_async_context(_slowed(stage, victim.name))
    share = _RUNS_SECONDS / (_RUNS_SECONDS + _STANDS_SECONDS)
    return Injected(f"{victim.name} runs {share:.0%} of the time", begun)


@asynccontextmanager
async def _slowed(stage: Stage, name: str) -> AsyncIterator[None]:
    async def limp() -> None:
        while True:
            await stage.platform.kill(name, signal.SIGSTOP)
            await stage.clock.sleep(_STANDS_SECONDS)
            await stage.platform.kill(name, signal.SIGCONT)
            await stage.clock.sleep(_RUNS_SECONDS)

    limping = asyncio.create_task(limp())
    try:
        yield
    finally:
        limping.cancel()
        await asyncio.gather(limping, return_exceptions=True)


async def _was_slow(stage: Stage, injected: Injected) -> tuple[str, ...]:
    """A replica that was not slow proves nothing."""
    slowest = stage.load.slowest(injected.began)
    if slowest >= _SLOW_SECONDS:
        return ()
    return (f"the replica was not slow: the slowest answer took {slowest:.3f} s",)


DRILL = Drill(
    name="slow-replica",
    title="One replica is slow (it stands still 5/8 of the time)",
    limits=Limits(heal_seconds=15, page_seconds=30, unanswered=Unanswered.NONE),
    reason="slow is not dead: every message is answered by it or by another, and nobody has to do anything",
    seen=Seen("api", ("hung", "not-ready")),
    heals=Heals.CLEANUP,
    inject=_slow_down,
    undo=striking.go_on,
    needs=striking.two_replicas,
    holds_seconds=15,
    after=_was_slow,
)
