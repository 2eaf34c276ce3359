"""`xiong restore`: choose, refuse or fetch, replay, check, erase again; then exchange, and keep the old."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from pathlib import Path

import orjson

from xiong.config.settings import Settings
from xiong.datastores import postgres_facts
from xiong.errors import PreflightError, XiongError
from xiong.model.backup import Contents
from xiong.model.documents import from_document
from xiong.model.restore import Restored, RestorePlan, Target
from xiong.operations.backup.contents import differences
from xiong.operations.backup.database import CONTENTS
from xiong.operations.backup.keys import Keys, keys_of
from xiong.operations.backup.reading import read_object
from xiong.operations.backup.repository import repositories_of
from xiong.operations.backup.shipping import LogShipping
from xiong.operations.leasing import hold_lease, wait_for_backup
from xiong.operations.restore import cache, erasures, fetch, journal
from xiong.operations.restore.choose import Choice, choose
from xiong.operations.restore.identity import foreign_key, take_over
from xiong.operations.restore.journal import Exchange, Step
from xiong.operations.restore.loading import loaded
from xiong.operations.restore.refusals import refuse
from xiong.operations.restore.replay import Replayed, replayed
from xiong.operations.restore.swap import finish_interrupted, swap
from xiong.platforms.base import Platform, Progress
from xiong.tools import host
from xiong.tools.clock import Clock
from xiong.tools.together import together

PURPOSE = "restore"
_PATIENCE_SECONDS = 600.0


class _Watch:
    """How long each step took."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._since = clock, clock.monotonic()
        self.seconds: dict[str, float] = {}

    def spent(self, step: str) -> None:
        """What was done since the last call."""
        now = self._clock.monotonic()
        self.seconds[step], self._since = round(now - self._since, 2), now


async def plan(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, target: Target
) -> RestorePlan:
    """What would be done; nothing is changed.

    Raises:
        BackupNotFoundError, PreflightError: it cannot be done, in words.
    """
    keys, choice = await _chosen(platform, settings, clock, progress, target, ships=False)
    await refuse(platform, keys, choice)
    last = choice.last
    return RestorePlan(
        backup=last.id,
        chain=tuple(manifest.id for manifest in choice.chain),
        repository=choice.repository.url,
        target=target.words,
        bytes=last.database.data_bytes + len(choice.log) * last.database.segment_bytes,
        steps=(
            f"load the dump of {last.id} into an empty server beside the live one"
            if target.logical
            else f"unpack {' and '.join(manifest.id for manifest in choice.chain)} beside the live data",
            f"replay {len(choice.log)} segments of the write-ahead log to {target.words}",
            "erase again whoever was erased since",
            "answer 503 with Retry-After at the proxy, exchange the data, let people in again",
            "keep what was replaced until `xiong restore --confirm`",
        ),
    )


async def restore(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    target: Target,
    *,
    into: Path | None = None,
) -> Restored:
    """Brings the data of a moment back.

    Args:
        platform: where to.
        settings: of this copy.
        clock: whose time counts.
        progress: told how far it is.
        target: the moment.
        into: only make a data folder there; nothing that runs is touched.

    Raises:
        BackupNotFoundError, PreflightError: it cannot be done; nothing was touched.
        LeaseHeldError: another verb is at work.
        XiongError: a step failed: the old data serves, or the next verb ends the exchange.
    """
    await wait_for_backup(platform, clock, _PATIENCE_SECONDS)
    async with hold_lease(platform, PURPOSE, settings.deploy.lease_seconds, clock):
        await finish_interrupted(platform, settings, clock, progress)
        begun, watch = clock.now(), _Watch(clock)
        keys, choice = await _chosen(platform, settings, clock, progress, target, ships=True)
        await refuse(platform, keys, choice)
        name = f"{begun:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        watch.spent("choose")
        exchange = Exchange(name, choice.last.id, {}, Step.PREPARING, host.actor())
        await journal.write(platform.records, exchange, Step.PREPARING)
        folders: dict[str, Path] = {}
        try:
            folders["postgres"], found = await together(
                _place(platform, clock, progress, keys, choice, name),
                erasures.registers(platform, choice.repository, keys, progress),
            )
            watch.spent("fetch")
            key = await foreign_key(platform, keys, choice)
            async with _server(platform, clock, progress, keys, choice, folders["postgres"]) as new:
                watch.spent("replay")
                await _as_counted(keys, choice, new)
                erased = await erasures.reapply(platform, new.access, found, key) if into is None else 0
            watch.spent("check")
            if into is None and await _wants_cache(platform, choice):
                folders["valkey"] = await cache.fetch(platform, clock, keys, choice, name)
                watch.spent("cache")
        except BaseException:
            await platform.stores.sweep(name)
            await journal.clear(platform.records)
            raise
        gated = 0.0
        if into is not None:
            await asyncio.to_thread(shutil.move, folders["postgres"], into)
            await journal.clear(platform.records)
        else:
            named = {store: str(folder) for store, folder in folders.items()}
            exchange = Exchange(name, choice.last.id, named, Step.PREPARING, host.actor(), key is not None)
            if key is not None:
                await take_over(platform, key, progress)
            gated = await swap(platform, settings, clock, progress, exchange)
        watch.spent("exchange")
        return Restored(
            id=name,
            backup=choice.last.id,
            target=target.words,
            rows=new.rows,
            revision=new.revision,
            last_commit=new.last_commit,
            rpo_seconds=_rpo(target, choice, new.last_commit, begun),
            erased=erased,
            seconds=watch.seconds,
            gated_seconds=round(gated, 2),
            kept=tuple(f"{kept.store} in {kept.folder}" for kept in await platform.stores.kept()),
            into=str(into) if into else "",
        )


async def _place(
    platform: Platform, clock: Clock, progress: Progress, keys: Keys, choice: Choice, name: str
) -> Path:
    """The data folder: fetched, or empty where a dump is loaded into it."""
    if choice.target.logical:
        return await platform.stores.place("postgres", name)
    return await fetch.fetch(platform, clock, progress, keys, choice, name)


def _server(
    platform: Platform, clock: Clock, progress: Progress, keys: Keys, choice: Choice, folder: Path
) -> AbstractAsyncContextManager[Replayed]:
    """A second server on that folder, at the target."""
    if choice.target.logical:
        return loaded(platform, clock, progress, keys, choice, folder)
    return replayed(platform, clock, choice, folder)


async def _chosen(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, target: Target, *, ships: bool
) -> tuple[Keys, Choice]:
    if lacks := await platform.stores.lacks("postgres"):
        raise PreflightError(f"no restore: {lacks}")
    keys = await keys_of(platform, settings)
    if ships:
        await _ship(platform, settings, clock, progress)
    return keys, await choose(await repositories_of(platform, settings, keys), keys, target)


async def _ship(platform: Platform, settings: Settings, clock: Clock, progress: Progress) -> None:
    """What was committed up to now is stored first, as far as it can be had, also of a dead database."""
    shipping = LogShipping(platform, settings, clock)
    try:
        reading = await shipping.once()
        with suppress(XiongError):
            await postgres_facts.switch_segment(await platform.stores.access("postgres", superuser=True))
            reading = await shipping.once()
        if reading.fault:
            progress(f"what was written last may not be stored: {reading.fault}")
    finally:
        await shipping.close()


async def _as_counted(keys: Keys, choice: Choice, new: Replayed) -> None:
    """A set that is restored as such holds what was counted in it.

    Raises:
        PreflightError: it does not.
    """
    if choice.target.backup != choice.last.id or choice.target.logical:
        return
    document = orjson.loads(await read_object(choice.repository, keys, choice.last, CONTENTS))
    faults = differences(from_document(Contents, document), new.contents)
    if faults:
        raise PreflightError(
            f"the set {choice.last.id} does not hold what was counted in it: " + "; ".join(faults[:5]),
            hint=f"xiong backup verify {choice.last.id}",
        )


async def _wants_cache(platform: Platform, choice: Choice) -> bool:
    """The cache goes back with the database; where nothing of that is lost, and it answers, it stays."""
    if await platform.stores.lacks("valkey") or not cache.holds(choice):
        return False
    here = (await platform.stores.folder("valkey")).exists()
    return choice.target.backup != "newest" or choice.target.at is not None or not here


def _rpo(target: Target, choice: Choice, last: datetime | None, begun: datetime) -> float | None:
    """From the newest commit that is there to the moment that was meant."""
    there = last or choice.last.database.stopped_at
    meant = target.at or (begun if target.backup == "newest" and not target.point else None)
    return None if meant is None else round(max((meant - there).total_seconds(), 0.0), 3)
