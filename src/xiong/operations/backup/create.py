"""`xiong backup create`: one set, from the base backup to its signed manifest, which is written last."""

from __future__ import annotations

import secrets

import asyncpg
from redis.exceptions import RedisError

from xiong import __version__
from xiong.config.settings import Settings
from xiong.datastores import postgres_facts, valkey_snapshot
from xiong.errors import PlatformError, PreflightError
from xiong.model.backup import FORMAT, BackupKind, CachePart, DatabasePart, Manifest
from xiong.operations.backup import database, history, kept_records, schedule
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.making import Making
from xiong.operations.backup.repository import repositories_of
from xiong.operations.journal import Journal
from xiong.operations.leasing import BACKUP, hold_lease
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock
from xiong.tools.together import together

CACHE = "cache.rdb"


async def create(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    *,
    kind: BackupKind | None = None,
    dump: bool | None = None,
) -> Manifest:
    """Makes a set in every repository; one that does not come to its end leaves none that counts.

    Args:
        platform: whose data it is.
        settings: of this copy.
        clock: whose time counts.
        progress: told how far it is.
        kind: full or incremental; None as the schedule has it.
        dump: whether a logical dump goes with it; None as the schedule has it.

    Raises:
        PreflightError: the database is not ours.
        LeaseHeldError: another verb is at work.
        PlatformError: a data store does not answer.
        XiongError: a tool or a repository failed.
    """
    if lacks := await platform.stores.lacks("postgres"):
        raise PreflightError(f"no physical backup: {lacks}")
    keys = await keys_of(platform, settings)
    async with hold_lease(platform, BACKUP, settings.deploy.lease_seconds, clock):
        repositories = await repositories_of(platform, settings, keys)
        name = f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        making = Making(name, platform, settings, clock, progress, keys, repositories)
        try:
            manifest = await _made(making, kind, dump=dump)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, RedisError) as error:
            raise PlatformError(
                f"a data store broke off during the backup: {type(error).__name__}",
                hint="xiong health database cache",
            ) from error
        for repository in repositories:
            await repository.write_manifest(manifest)
        await history.keep(platform.records, manifest, [repository.url for repository in repositories])
        if manifest.kind is BackupKind.FULL:
            await history.want_full(platform.records, "")
    return manifest


async def _made(making: Making, kind: BackupKind | None, *, dump: bool | None) -> Manifest:
    stores, now, wanted = making.platform.stores, making.clock.now(), making.settings.backup
    access, superuser = await stores.access("postgres"), await stores.access("postgres", superuser=True)
    facts = await postgres_facts.facts(superuser)
    earlier, _ = await making.repositories[0].manifests()
    chain = [one for one in earlier if one.database.system_id == facts.system_id]
    wants_full = await history.full_wanted(making.platform.records)
    kind = kind or (BackupKind.FULL if wants_full else schedule.kind_due(chain, facts, now, wanted))
    parent = schedule.parent(chain, facts) if kind is BackupKind.INCREMENTAL else None
    if kind is BackupKind.INCREMENTAL and parent is None:
        raise PreflightError(
            "no incremental backup: there is no earlier set of this cluster that one could build on",
            hint="xiong backup create --full",
        )
    making.progress(f"backup {making.id}: {kind}{f' on {parent.id}' if parent else ''}")
    streams = await database.log_leaves(superuser, making.settings)
    log, stopped_at = await database.base(making, access, facts, parent, fetch_wal=not streams)
    counted, cache, _ = await together(
        database.counted(making, superuser, marks=streams), _cache(making), kept_records.add(making)
    )
    if schedule.wants_dump(chain, now, wanted) if dump is None else dump:
        await database.dump(making, access)
    if streams:
        await database.ship_through(making, superuser, facts, counted.point)
    part = DatabasePart(
        version=facts.version,
        system_id=facts.system_id,
        timeline=log.timeline,
        start_lsn=log.start,
        stop_lsn=log.stop,
        stopped_at=stopped_at,
        restore_point=making.id if streams else "",
        point_lsn=counted.point,
        segment_bytes=facts.segment_bytes,
        data_bytes=facts.data_bytes,
        revision=counted.revision,
        rows=sum(table.rows for table in counted.contents.tables),
    )
    committed = await Journal(making.platform.records).committed()
    return Manifest(
        format=FORMAT,
        id=making.id,
        kind=kind,
        parent=parent.id if parent else None,
        begun_at=now,
        ended_at=making.clock.now(),
        tool=f"xiong {__version__}",
        platform=making.platform.name,
        release=committed.release if committed else "",
        recipients=making.keys.recipients,
        objects=tuple(making.objects),
        database=part,
        cache=cache,
    )


async def _cache(making: Making) -> CachePart | None:
    """The cache as it is; None where it is not ours."""
    if await making.platform.stores.lacks("valkey"):
        return None
    access = await making.platform.stores.access("valkey")
    part = await valkey_snapshot.facts(access)
    await making.add(CACHE, valkey_snapshot.snapshot(access))
    return part
