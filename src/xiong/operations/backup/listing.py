"""`xiong backup list`: what lies in each repository, how far a restore reaches, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from xiong.config.settings import Settings
from xiong.errors import XiongError
from xiong.model.backup import BackupKind, Manifest, Verification, VerifyOutcome, WalSegment
from xiong.operations.backup import continuity, lsn, retention, verify_wal
from xiong.operations.backup.keys import Keys, keys_of
from xiong.operations.backup.repository import WAL, Repository, repositories_of
from xiong.operations.backup.retention import end_of
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock


@dataclass(frozen=True)
class ListedBackup:
    """A set, as people look for one.

    Attributes:
        id: of the set.
        kind: see `BackupKind`.
        parent: what it builds on.
        begun_at, ended_at: UTC.
        release: which served then.
        version: of the database.
        revision: of its schema.
        rows: in all its tables.
        plain_bytes, stored_bytes: before and after compression.
        start_lsn, stop_lsn: the log that it needs at least.
        dump: whether a logical dump is with it.
        verified: outcome of its newest verification in this repository; None: never verified.
        verified_at: when.
        kept_because: why `prune` keeps it; empty: the next one deletes it.
    """

    id: str
    kind: BackupKind
    parent: str | None
    begun_at: datetime
    ended_at: datetime
    release: str
    version: str
    revision: str
    rows: int
    plain_bytes: int
    stored_bytes: int
    start_lsn: str
    stop_lsn: str
    dump: bool
    verified: VerifyOutcome | None
    verified_at: datetime | None
    kept_because: tuple[str, ...]


@dataclass(frozen=True)
class ListedLog:
    """The write-ahead log of one cluster.

    Attributes:
        system_id: which.
        first, last: names of segments; empty where there is none.
        objects: how many.
        stored_bytes: their size.
        restorable_from: when the oldest set ended from which the log goes on without a gap; None: none does.
        restorable_to: position up to which it does.
        newest_at: when the last piece came, UTC.
        gaps: what is missing behind that set, in words.
    """

    system_id: str
    first: str
    last: str
    objects: int
    stored_bytes: int
    restorable_from: datetime | None
    restorable_to: str
    newest_at: datetime | None
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class ListedRepository:
    """One place.

    Attributes:
        url: where.
        beside_data: it lies on the disk of the data, and is lost with it.
        fault: why it does not answer; empty: it does.
        sets: newest first.
        logs: by cluster.
        unfinished: ids without a manifest; no sets.
        unreadable: why a manifest is not believed.
    """

    url: str
    beside_data: bool
    fault: str
    sets: tuple[ListedBackup, ...]
    logs: tuple[ListedLog, ...]
    unfinished: tuple[str, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class BackupList:
    """All of them.

    Attributes:
        offline_key_here: the offline key still lies on this machine.
        repositories: as set.
    """

    offline_key_here: bool
    repositories: tuple[ListedRepository, ...]


async def listing(platform: Platform, settings: Settings, clock: Clock) -> BackupList:
    """Asks every repository; one that does not answer is shown as such."""
    keys, data = await keys_of(platform, settings), await platform.stores.folder("postgres")
    repositories = await repositories_of(platform, settings, keys)
    return BackupList(
        keys.offline_here,
        tuple([await _listed(one, keys, settings, clock.now(), data) for one in repositories]),
    )


async def _listed(
    repository: Repository, keys: Keys, settings: Settings, now: datetime, data: Path
) -> ListedRepository:
    beside = repository.shares_disk(data)
    try:
        sets, unreadable = await repository.manifests()
        verified = {one.id: await repository.verification(one.id) for one in sets}
        outcomes = {name: found.outcome for name, found in verified.items() if found}
        plan = retention.plan(sets, outcomes, now, settings.backup)
        shown = tuple(listed(one, verified[one.id], tuple(plan.keep.get(one.id, ()))) for one in sets)
        systems = dict.fromkeys(one.database.system_id for one in sets)
        logs = tuple(
            [
                await _log(repository, keys, name, sets, now - timedelta(days=settings.backup.keep_days))
                for name in systems
            ]
        )
        unfinished = tuple(await repository.leftovers())
    except XiongError as error:
        return ListedRepository(repository.url, beside, error.message, (), (), (), ())
    return ListedRepository(
        repository.url, beside, "", shown, logs, unfinished, tuple(one.why for one in unreadable)
    )


def listed(
    one: Manifest, verification: Verification | None = None, kept_because: tuple[str, ...] = ()
) -> ListedBackup:
    """A set as it is shown."""
    return ListedBackup(
        id=one.id,
        kind=one.kind,
        parent=one.parent,
        begun_at=one.begun_at,
        ended_at=one.ended_at,
        release=one.release,
        version=one.database.version,
        revision=one.database.revision,
        rows=one.database.rows,
        plain_bytes=one.plain_bytes,
        stored_bytes=one.stored_bytes,
        start_lsn=one.database.start_lsn,
        stop_lsn=lsn.text(end_of(one)),
        dump=any(part.name == "database.dump" for part in one.objects),
        verified=verification.outcome if verification else None,
        verified_at=verification.checked_at if verification else None,
        kept_because=kept_because,
    )


async def _log(
    repository: Repository,
    keys: Keys,
    system_id: str,
    sets: Sequence[Manifest],
    window: datetime,
) -> ListedLog:
    """From the oldest set on from which the log goes on to the same end as from the newest."""
    segments = await repository.wal(system_id)
    facts = await repository.store.list(f"{WAL}/{system_id}/")
    histories = await verify_wal.histories(repository, keys, segments)
    own = [one for one in sets if one.database.system_id == system_id]
    reaches = [_reach(segments, histories, one) for one in own]
    end = reaches[0][1]
    whole = [
        one for one, reach in zip(own, reaches, strict=True) if reach == reaches[0] and end >= end_of(one)
    ]
    names = sorted(one.name for one in segments if lsn.is_segment(one.name))
    return ListedLog(
        system_id=system_id,
        first=names[0] if names else "",
        last=names[-1] if names else "",
        objects=len(facts),
        stored_bytes=sum(fact.size for fact in facts),
        restorable_from=whole[-1].database.stopped_at if whole else None,
        restorable_to=lsn.text(end),
        newest_at=max((fact.modified_at for fact in facts), default=None),
        gaps=tuple(_gaps(own, reaches, names, window)),
    )


def _reach(segments: Sequence[WalSegment], histories: dict[int, str], one: Manifest) -> tuple[int, int]:
    """(timeline, position) up to which the log goes on behind a set without a gap."""
    path = continuity.newest_path(histories, one.database.timeline, end_of(one))
    start = lsn.number(one.database.start_lsn)
    return path[-1].timeline, continuity.newest_restorable(segments, one.database.segment_bytes, path, start)


def _gaps(
    own: Sequence[Manifest], reaches: Sequence[tuple[int, int]], names: Sequence[str], window: datetime
) -> Iterator[str]:
    """Of sets before the recovery window only what they need themselves: the log behind them was pruned."""
    newest = reaches[0]
    for one, (timeline, end) in zip(own, reaches, strict=True):
        if not one.database.point_lsn:
            continue  # its log lies in its base backup
        broken = timeline == newest[0] and end != newest[1] and one.database.stopped_at > window
        if end < end_of(one) or broken:
            yield f"the log behind {one.id} breaks off at {lsn.text(end)}"
    if own[0].database.point_lsn and names:
        at, last = lsn.text(newest[1]), names[-1]
        if lsn.start_of(last, own[0].database.segment_bytes) > newest[1]:
            yield f"the log behind {own[0].id} breaks off at {at}, though {last} is there"
