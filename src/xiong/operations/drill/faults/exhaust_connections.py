"""Somebody leaks sessions: the database takes no more, and each holds a transaction open."""

from __future__ import annotations

from xiong.datastores.postgres_sessions import as_role, idle_sessions
from xiong.operations.drill import bystanders
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Seen, Stage, Unanswered

_MOST = 1000


async def _needs(stage: Stage) -> str | None:
    return await bystanders.lacking(stage, "postgres")


async def _inject(stage: Stage) -> Injected:
    platform = stage.platform
    url = as_role(await platform.store_url("postgres"), "app", await platform.secret("database-app"))
    before = await bystanders.seen(platform)
    began = stage.clock.monotonic()
    count = await stage.stack.enter_async_context(idle_sessions(url, _MOST))
    return Injected(f"{count} sessions idle in transaction, until none more was let in", began, before=before)


async def _undo(_stage: Stage, _note: Note) -> None:
    """The sessions live in the drill's own process, and end with it."""


DRILL = Drill(
    name="exhaust-connections",
    title="Sessions that do nothing take every database connection",
    limits=Limits(heal_seconds=90, detect_seconds=30, unanswered=Unanswered.NONE),
    reason="three looks find it, then what was idle for ten seconds is ended; nothing else is touched",
    seen=Seen("database", ("connections", "idle-in-transaction")),
    heals=Heals.HEALER,
    inject=_inject,
    undo=_undo,
    needs=_needs,
    after=bystanders.disturbed,
)
