"""What `status`, health checks and metrics say of backups without asking a repository."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from xiong.model.backup import BackupKind, Manifest, RpoReading, Verification, VerifyOutcome
from xiong.model.documents import from_document, to_document
from xiong.platforms.base import RecordStore

_KIND, _KEPT = "backups", 200
_STATE, _RPO = "state", "rpo"
_FULL, _FAILURE, _CLUSTER = "full-backup-wanted", "backup-failure", "log-of"


@dataclass(frozen=True)
class BackupRecord:
    """A set that was made here.

    Attributes:
        id: of the set.
        kind: see `BackupKind`.
        begun_at: UTC.
        seconds: how long it took.
        stored_bytes: in one repository.
        repositories: where it lies.
        verified: the outcome of its newest verification; None: never verified.
        verified_at: when.
    """

    id: str
    kind: BackupKind
    begun_at: datetime
    seconds: float
    stored_bytes: int
    repositories: tuple[str, ...]
    verified: VerifyOutcome | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True)
class Failure:
    """An attempt that made no good set.

    Attributes:
        at: UTC.
        why: in words.
    """

    at: datetime
    why: str


@dataclass(frozen=True)
class Cluster:
    """Whose log is shipped; see `model.backup.DatabasePart`."""

    system_id: str
    segment_bytes: int


async def keep(records: RecordStore, manifest: Manifest, repositories: list[str]) -> None:
    """Notes a set that was made."""
    seconds = (manifest.ended_at - manifest.begun_at).total_seconds()
    record = BackupRecord(
        manifest.id, manifest.kind, manifest.begun_at, seconds, manifest.stored_bytes, tuple(repositories)
    )
    await records.write(_KIND, record.id, to_document(record))
    for old in (await records.names(_KIND))[:-_KEPT]:
        await records.delete(_KIND, old)


async def keep_verification(records: RecordStore, found: Verification) -> None:
    """Notes how it was found; a set that another copy made is not noted."""
    document = await records.read(_KIND, found.backup)
    if document is None:
        return
    record = from_document(BackupRecord, document)
    noted = replace(record, verified=found.outcome, verified_at=found.checked_at)
    await records.write(_KIND, record.id, to_document(noted))


async def newest(records: RecordStore) -> BackupRecord | None:
    """The last one that was made here."""
    names = await records.names(_KIND)
    document = await records.read(_KIND, names[-1]) if names else None
    return from_document(BackupRecord, document) if document else None


async def newest_good(records: RecordStore) -> BackupRecord | None:
    """The last one that no verification found bad."""
    for name in reversed(await records.names(_KIND)):
        document = await records.read(_KIND, name)
        record = from_document(BackupRecord, document) if document else None
        if record is not None and record.verified is not VerifyOutcome.BAD:
            return record
    return None


async def want_full(records: RecordStore, why: str) -> None:
    """The next backup must be a full one, and is due at once: nothing before it is continued; or no more."""
    await records.write(_STATE, _FULL, {"why": why})


async def full_wanted(records: RecordStore) -> str:
    """Why the next backup must be a full one, in words; empty where nothing asks for it."""
    document = await records.read(_STATE, _FULL)
    return str(document["why"]) if document else ""


async def keep_failure(records: RecordStore, failure: Failure | None) -> None:
    """Notes why the last attempt made no good set; None once one did."""
    await records.write(_STATE, _FAILURE, to_document(failure) if failure else {})


async def failure(records: RecordStore) -> Failure | None:
    """Why the last attempt made no good set; None where it did."""
    document = await records.read(_STATE, _FAILURE)
    return from_document(Failure, document) if document else None


async def keep_cluster(records: RecordStore, cluster: Cluster) -> None:
    """Notes whose log is shipped, so that what was received is stored also while the server is gone."""
    await records.write(_STATE, _CLUSTER, to_document(cluster))


async def cluster(records: RecordStore) -> Cluster | None:
    """Whose log was shipped last."""
    document = await records.read(_STATE, _CLUSTER)
    return from_document(Cluster, document) if document else None


async def forget(records: RecordStore, backup: str) -> None:
    """It was pruned."""
    await records.delete(_KIND, backup)


async def keep_rpo(records: RecordStore, reading: RpoReading) -> None:
    """Notes what `watch` measured."""
    await records.write(_STATE, _RPO, to_document(reading))


async def rpo(records: RecordStore) -> RpoReading | None:
    """What `watch` measured last."""
    document = await records.read(_STATE, _RPO)
    return from_document(RpoReading, document) if document else None
