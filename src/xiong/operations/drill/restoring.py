"""`drill restore`: the newest set becomes a database, a cache and the real service beside the live ones.

Nothing that serves is touched. It proves what a backup is for: that the service talks on what comes back.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import orjson

from xiong.config.settings import Settings
from xiong.datastores import postgres_recovery
from xiong.datastores.postgres_tools import connect
from xiong.errors import UnhealthyError, XiongError
from xiong.model.backup import Contents
from xiong.model.documents import from_document
from xiong.model.drill import DrillOutcome, DrillResult, Measure
from xiong.model.restore import Target
from xiong.operations.backup import history
from xiong.operations.backup.contents import differences
from xiong.operations.backup.database import CONTENTS
from xiong.operations.backup.keys import Keys, keys_of
from xiong.operations.backup.reading import read_object
from xiong.operations.backup.repository import repositories_of
from xiong.operations.conversation import converse
from xiong.operations.drill import score
from xiong.operations.drill.drill import Drill, Heals, Injected, Limits, Note, Stage, Unanswered
from xiong.operations.journal import Journal
from xiong.operations.leasing import hold_lease, wait_for_backup
from xiong.operations.restore import cache, erasures, fetch
from xiong.operations.restore.choose import Choice, choose
from xiong.operations.restore.refusals import refuse
from xiong.operations.restore.replay import Replayed, replayed
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock
from xiong.tools.store_access import StoreAccess

RTO, RPO = "heal", "rpo"
_PLACE = "drill"  # always the same, so that the next one removes what a killed one left
_PATIENCE_SECONDS = 600.0
_NEAREST = """
SELECT a.id = (SELECT b.id FROM knowledge b WHERE b.embedder = a.embedder
               ORDER BY b.embedding <=> a.embedding, b.id LIMIT 1)
FROM knowledge a ORDER BY a.id LIMIT 1
"""


async def take(
    drill: Drill, platform: Platform, settings: Settings, clock: Clock, progress: Progress
) -> DrillResult:
    """Restores beside, asks everything, and keeps the result.

    Raises:
        LeaseHeldError: another verb is at work.
    """
    await wait_for_backup(platform, clock, _PATIENCE_SECONDS)
    begun_at, begun = clock.now(), clock.monotonic()
    faults: tuple[str, ...]
    what, seconds = "", None
    async with hold_lease(platform, "drill restore", settings.deploy.lease_seconds, clock):
        try:
            what, faults = await _rehearsed(platform, settings, clock, progress)
            seconds = round(clock.monotonic() - begun, 3)
            progress(f"the service talks on what was restored after {seconds:.1f} s")
        except XiongError as error:
            faults = (error.message,)
    reading = await history.rpo(platform.records)
    lost = reading.stored_seconds if reading else None
    measures = (
        Measure(RTO, seconds, drill.limits.heal_seconds, "" if seconds else "it did not come to that"),
        Measure(
            RPO,
            lost,
            settings.backup.rpo_seconds,
            "" if lost is not None else "the log is not shipped here",
            judged=settings.streams_log,
        ),
    )
    why = (*faults, *(_broken(measure) for measure in measures if not measure.kept and not faults))
    committed = await Journal(platform.records).committed()
    result = DrillResult(
        id=f"{begun_at:%Y%m%dT%H%M%SZ}-{drill.name}-{secrets.token_hex(3)}",
        drill=drill.name,
        title=drill.title,
        begun_at=begun_at,
        seconds=round(clock.monotonic() - begun, 1),
        platform=platform.name,
        release=committed.release if committed else "",
        outcome=DrillOutcome.FAILED if why else DrillOutcome.PASSED,
        why=why,
        injected=what,
        measures=measures,
    )
    await score.keep(platform.records, result)
    return result


def _broken(measure: Measure) -> str:
    seen = "nothing" if measure.seconds is None else f"{measure.seconds:.1f} s"
    return f"{measure.name}: {seen}, promised within {measure.limit:g} s"


async def _rehearsed(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress
) -> tuple[str, tuple[str, ...]]:
    """(what was restored, what was not as it should be)."""
    keys = await keys_of(platform, settings)
    repositories = await repositories_of(platform, settings, keys)
    newest = await choose(repositories, keys, Target())
    choice = await choose(repositories, keys, Target(newest.last.id))
    await refuse(platform, keys, choice)
    registers = await erasures.registers(platform, choice.repository, keys, progress)
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(_placed(platform, "postgres"))
        await fetch.fetch(platform, clock, progress, keys, choice, _PLACE)
        new = await stack.enter_async_context(replayed(platform, clock, choice, folder))
        faults = (*await _as_counted(keys, choice, new), *await postgres_recovery.checked(new.access))
        await erasures.reapply(platform, new.access, registers, None)
        faults = (*faults, *await _searched(new.access))
        if await platform.stores.lacks("valkey") or not cache.holds(choice):
            return choice.last.id, (*faults, "the set holds no cache, so no service can be started on it")
        other = await stack.enter_async_context(_placed(platform, "valkey"))
        await cache.fetch(platform, clock, keys, choice, _PLACE)
        keeps = await stack.enter_async_context(platform.stores.scratch("valkey", other, {}))
        await _talks(platform, clock, stack, choice, new.access, keeps)
    return f"{choice.last.id} from {choice.repository.url}", faults


@asynccontextmanager
async def _placed(platform: Platform, store: str) -> AsyncIterator[Path]:
    """A place that is gone afterwards, however the drill ends."""
    folder = await platform.stores.place(store, _PLACE)
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _as_counted(keys: Keys, choice: Choice, new: Replayed) -> tuple[str, ...]:
    document = orjson.loads(await read_object(choice.repository, keys, choice.last, CONTENTS))
    return differences(from_document(Contents, document), new.contents)


async def _searched(access: StoreAccess) -> tuple[str, ...]:
    """A vector finds itself."""
    connection = await connect(access)
    try:
        found = await connection.fetchval(_NEAREST)
    finally:
        await connection.close()
    return () if found else ("the nearest vector is not found in the restored knowledge",)


async def _talks(
    platform: Platform,
    clock: Clock,
    stack: AsyncExitStack,
    choice: Choice,
    database: StoreAccess,
    keeps: StoreAccess,
) -> None:
    """The release that serves, on the restored data, through a scripted conversation that is stored."""
    committed = await Journal(platform.records).committed()
    if committed is None:
        raise UnhealthyError("nothing was ever deployed here", hint="xiong up")
    url = await stack.enter_async_context(platform.stores.trial_service(committed.release, database, keeps))
    here = replace(await platform.endpoint(), url=url, address=url, server_name=None, authority=None)
    await converse(here, clock)


async def _needs(stage: Stage) -> str | None:
    if lacks := await stage.platform.stores.lacks("postgres"):
        return lacks
    keys = await keys_of(stage.platform, stage.settings)
    for repository in await repositories_of(stage.platform, stage.settings, keys):
        if await repository.ids():
            return None
    return "there is no backup yet: xiong backup create"


async def _nothing_struck(stage: Stage) -> Injected:
    """It goes its own way: nothing that serves is broken."""
    return Injected("nothing", stage.clock.monotonic())


async def _nothing_to_undo(_: Stage, __: Note) -> None:
    """What it made is gone already."""


DRILL = Drill(
    name="restore",
    title="The newest backup is restored beside, and the real service talks on it",
    limits=Limits(heal_seconds=300, unanswered=Unanswered.NONE),
    reason="data grows, and a restore with it; the service must talk again within minutes",
    seen=None,
    heals=Heals.CLEANUP,
    inject=_nothing_struck,
    undo=_nothing_to_undo,
    needs=_needs,
    own_way=take,
)
