"""`xiong backup prune`: deletes sets that `retention` no longer keeps, then the log that nothing needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from xiong.config.settings import Settings
from xiong.model.backup import Manifest, Verification, VerifyOutcome
from xiong.operations.backup import history, retention
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.repository import WAL, Repository, repositories_of
from xiong.operations.leasing import BACKUP, hold_lease
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

_UNFINISHED = timedelta(days=1)


@dataclass(frozen=True)
class KeptSet:
    """A set that stays.

    Attributes:
        id: of the set.
        reasons: why, in words.
    """

    id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Pruned:
    """What goes, or went, from one repository.

    Attributes:
        repository: its URL.
        kept: sets that stay.
        deleted: ids of sets that go.
        unfinished: ids of sets that never got their manifest and go.
        wal_objects: pieces of the log that go.
        freed_bytes: all of it together.
        faults: manifests that are not believed; these sets, and all the log, stay for people to look at.
    """

    repository: str
    kept: tuple[KeptSet, ...]
    deleted: tuple[str, ...]
    unfinished: tuple[str, ...]
    wal_objects: int
    freed_bytes: int
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Doomed:
    """What goes from one repository, with the keys of each."""

    report: Pruned
    wal_keys: tuple[str, ...]


async def prune(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, dry_run: bool = False
) -> tuple[Pruned, ...]:
    """Deletes in every repository, each by what lies there.

    Args:
        platform: whose sets they are.
        settings: what is kept.
        clock: whose time counts.
        progress: told what goes.
        dry_run: only say what would go.

    Raises:
        LeaseHeldError: another verb is at work.
        StorageError: a repository does not answer, or does not let go of an object.
    """
    keys = await keys_of(platform, settings)
    repositories = await repositories_of(platform, settings, keys)
    if dry_run:
        return tuple([(await doomed(one, settings, clock.now())).report for one in repositories])
    async with hold_lease(platform, BACKUP, settings.deploy.lease_seconds, clock):
        done = [await _delete(one, settings, clock, progress) for one in repositories]
        left = {name for one in repositories for name in await one.ids()}
        for name in {name for one in done for name in one.deleted} - left:
            await history.forget(platform.records, name)
    return tuple(done)


async def _delete(repository: Repository, settings: Settings, clock: Clock, progress: Progress) -> Pruned:
    """Newest first: whoever is killed half way leaves no increment without what it builds on."""
    going = await doomed(repository, settings, clock.now())
    for name in (*going.report.deleted, *going.report.unfinished):
        progress(f"delete {name} in {repository.url}")
        await repository.delete_set(name)
    await repository.store.delete(going.wal_keys)
    old = clock.now() - _UNFINISHED
    await repository.store.sweep([one for one in await repository.store.staged("") if one.modified_at < old])
    return going.report


async def doomed(repository: Repository, settings: Settings, now: datetime) -> Doomed:
    """Looks at everything and deletes nothing."""
    sets, unreadable = await repository.manifests()
    found = {one.id: await repository.verification(one.id) for one in sets}
    plan = retention.plan(sets, _outcomes(found), now, settings.backup)
    unfinished = {
        name: sum(fact.size for fact in facts)
        for name, facts in (await repository.leftovers()).items()
        if max(fact.modified_at for fact in facts) < now - _UNFINISHED
    }
    report = Pruned(
        repository=repository.url,
        kept=tuple(KeptSet(name, why) for name, why in plan.keep.items()),
        deleted=plan.delete,
        unfinished=tuple(unfinished),
        wal_objects=0,
        freed_bytes=sum(one.stored_bytes for one in sets if one.id in plan.delete) + sum(unfinished.values()),
        faults=tuple(one.why for one in unreadable),
    )
    if unreadable:
        return Doomed(report, ())
    sizes = await _wal(repository, [one for one in sets if one.id in plan.keep], settings, now)
    more = report.freed_bytes + sum(sizes.values())
    return Doomed(replace(report, wal_objects=len(sizes), freed_bytes=more), tuple(sizes))


async def _wal(
    repository: Repository, kept: list[Manifest], settings: Settings, now: datetime
) -> dict[str, int]:
    """{key: size} of the log that no kept set needs."""
    sizes: dict[str, int] = {}
    for system_id, segment_bytes in {
        one.database.system_id: one.database.segment_bytes for one in kept
    }.items():
        wanted = retention.stretches(kept, system_id, now, settings.backup)
        segments = await repository.wal(system_id)
        going = {one.key for one in retention.unneeded(segments, wanted, segment_bytes)}
        facts = await repository.store.list(f"{WAL}/{system_id}/")
        sizes |= {fact.key: fact.size for fact in facts if fact.key in going}
    return sizes


def _outcomes(found: dict[str, Verification | None]) -> dict[str, VerifyOutcome]:
    return {name: one.outcome for name, one in found.items() if one is not None}
