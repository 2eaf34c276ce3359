"""Which backup is due. Used by `create`, `watch` and the check `backups`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from xiong.config.backup import BackupSettings
from xiong.datastores.postgres_facts import ServerFacts
from xiong.model.backup import BackupKind, Manifest

_INCREMENTAL_SINCE = 17
_FIRST = timedelta(minutes=5)


def kind_due(
    chain: Sequence[Manifest], facts: ServerFacts, now: datetime, settings: BackupSettings
) -> BackupKind:
    """Full where there is none young enough of this cluster, timeline and version; else on the newest.

    Args:
        chain: sets of this cluster, newest first.
        facts: of its server.
        now: UTC.
        settings: `backup.full_days`.
    """
    if parent(chain, facts) is None:
        return BackupKind.FULL
    full = next(one for one in chain if one.kind is BackupKind.FULL)
    young = now - full.begun_at < timedelta(days=settings.full_days)
    return BackupKind.INCREMENTAL if young else BackupKind.FULL


def parent(chain: Sequence[Manifest], facts: ServerFacts) -> Manifest | None:
    """The set that an increment would build on; None where it cannot be one."""
    newest = next(iter(chain), None)
    if newest is None or int(facts.version.partition(".")[0]) < _INCREMENTAL_SINCE:
        return None
    same = newest.database.version == facts.version and newest.database.timeline == facts.timeline
    full = any(one.kind is BackupKind.FULL for one in chain)
    return newest if same and full and newest.kind is not BackupKind.LOGICAL else None


def wants_dump(chain: Sequence[Manifest], now: datetime, settings: BackupSettings) -> bool:
    """Whether the newest dump is older than `backup.logical_days`."""
    dumped = (one for one in chain if any(part.name == "database.dump" for part in one.objects))
    newest = next(dumped, None)
    return newest is None or now - newest.begun_at >= timedelta(days=settings.logical_days)


def due(newest: datetime | None, started: datetime, now: datetime, settings: BackupSettings) -> bool:
    """Whether a backup should be made now; the first one some minutes after the daemon began.

    Args:
        newest: when the newest set was begun.
        started: when the daemon began.
        now: UTC.
        settings: `backup.every_hours`.
    """
    if newest is None:
        return now - started >= _FIRST
    return now - newest >= timedelta(hours=settings.every_hours)
