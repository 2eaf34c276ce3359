"""What a backup is: sealed objects under an id, and a signed manifest that is written last.

A set without its manifest does not exist. `operations/backup` writes it, `operations/restore` uses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FORMAT = 1
"""Version of the manifest; a newer one is refused in words."""


class BackupKind(StrEnum):
    """How the database lies in a set."""

    FULL = "full"  # physical, by itself
    INCREMENTAL = "incremental"  # physical, on top of its parent
    LOGICAL = "logical"  # a dump: slow to restore, and the only one that another major version reads


@dataclass(frozen=True)
class StoredObject:
    """One object of a set.

    Attributes:
        name: what it is, e.g. `base.tar`; stored as `NAME.zst.age`.
        plain_bytes: before compression.
        plain_sha256: of these.
        stored_bytes: as it lies in the repository.
        stored_sha256: of these.
    """

    name: str
    plain_bytes: int
    plain_sha256: str
    stored_bytes: int
    stored_sha256: str


@dataclass(frozen=True)
class DatabasePart:
    """Where in the database's history a set lies.

    Attributes:
        version: the server's, e.g. `18.6`; a physical set restores on the same major version only.
        system_id: names the cluster whose WAL continues the set.
        timeline: of the WAL.
        start_lsn: from which WAL is needed, e.g. `0/3000028`.
        stop_lsn: up to which WAL is needed at least; a restore can end nowhere before it.
        stopped_at: the server's time at `stop_lsn`; a restore to an earlier time needs an earlier set.
        restore_point: named point right behind it at which `contents` was counted; empty: counted meanwhile.
        point_lsn: position of that point, up to which WAL is needed to restore the set alone; empty: none.
        segment_bytes: size of a WAL segment.
        data_bytes: size of the data folder.
        revision: the schema's.
        rows: in all tables.
    """

    version: str
    system_id: str
    timeline: int
    start_lsn: str
    stop_lsn: str
    stopped_at: datetime
    restore_point: str
    point_lsn: str
    segment_bytes: int
    data_bytes: int
    revision: str
    rows: int

    @property
    def major(self) -> int:
        """The server's major version."""
        return int(self.version.partition(".")[0])


@dataclass(frozen=True)
class CachePart:
    """What lay in the cache.

    Attributes:
        version: the server's.
        keys: in its database 0, without those that expire: a restore later than that finds them gone.
    """

    version: str
    keys: int


@dataclass(frozen=True)
class Manifest:
    """What a set holds; it carries no personal data, since it is not sealed.

    Attributes:
        format: see `FORMAT`.
        id: e.g. `20261129T001500Z-4f2a`; sorts by time.
        kind: see `BackupKind`.
        parent: id of the set that an incremental one builds on.
        begun_at: when it was begun, UTC.
        ended_at: when all but the manifest was stored, UTC.
        tool: e.g. `xiong 0.1.0`.
        platform: where it was made.
        release: id of the release that served then.
        recipients: public keys, any one of whose private keys opens the objects.
        objects: all of them.
        database: see `DatabasePart`.
        cache: None where the cache was away or is not ours.
    """

    format: int
    id: str
    kind: BackupKind
    parent: str | None
    begun_at: datetime
    ended_at: datetime
    tool: str
    platform: str
    release: str
    recipients: tuple[str, ...]
    objects: tuple[StoredObject, ...]
    database: DatabasePart
    cache: CachePart | None

    @property
    def stored_bytes(self) -> int:
        """Size in the repository, without the manifest."""
        return sum(part.stored_bytes for part in self.objects)

    @property
    def plain_bytes(self) -> int:
        """Size before compression."""
        return sum(part.plain_bytes for part in self.objects)


@dataclass(frozen=True)
class TableContents:
    """A table at the restore point of a set.

    Attributes:
        name: e.g. `messages`.
        rows: all of them.
        digest: over its newest rows by primary key, as text; the same rows give the same, in whatever order
            they lie on disk.
    """

    name: str
    rows: int
    digest: str


@dataclass(frozen=True)
class Contents:
    """What the database held, to compare a restored one with.

    It is stored sealed, since a digest of few rows could be guessed.

    Attributes:
        exact: counted at the very restore point; otherwise while others wrote.
        tables: sorted by name.
    """

    exact: bool
    tables: tuple[TableContents, ...]


@dataclass(frozen=True)
class WalSegment:
    """A piece of the write-ahead log in a repository.

    Attributes:
        name: as the server names it: 24 hexadecimal digits, or a timeline's history file.
        first: the offset of its first byte within the segment.
        plain_bytes: how many bytes of the segment it holds; the rest of an unfinished one is not written yet.
        whole: the segment is complete.
        stored_sha256: stands in its key.
        key: where it lies.
    """

    name: str
    first: int
    plain_bytes: int
    whole: bool
    stored_sha256: str
    key: str


class VerifyOutcome(StrEnum):
    """What a verification found."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Verification:
    """What was found of one set in one repository.

    Attributes:
        backup: id of the set.
        repository: which.
        outcome: see `VerifyOutcome`.
        checked_at: when, UTC.
        seconds: how long it took.
        faults: each names the object, what was seen and what was expected.
        checks: what was checked, in words, e.g. `signature`, `12 objects`, `WAL 0/3000028 to 0/9000000`.
    """

    backup: str
    repository: str
    outcome: VerifyOutcome
    checked_at: datetime
    seconds: float
    faults: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True)
class RpoReading:
    """How much would be lost now.

    Attributes:
        seconds: since the newest marker that could be restored, were the data folder gone; None: nothing can.
        stored_seconds: the same, were this whole machine gone: what lies in the repositories alone.
        through: the newest marker's time, UTC; None where there is none.
        at: when it was measured, UTC.
        fault: what kept the last pass from being stored, in words; empty where nothing did.
        spool_bytes: received, and not in every repository yet.
    """

    seconds: float | None
    stored_seconds: float | None
    through: datetime | None
    at: datetime
    fault: str = ""
    spool_bytes: int = 0
