"""Which sets a restore needs, from which repository, and how much of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xiong.errors import PreflightError, XiongError
from xiong.model.backup import BackupKind, Manifest, WalSegment
from xiong.model.restore import Target
from xiong.operations.backup import continuity, lsn, verify_wal
from xiong.operations.backup.continuity import Branch
from xiong.operations.backup.database import DUMP
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.repository import BackupNotFoundError, Repository
from xiong.operations.backup.retention import end_of


@dataclass(frozen=True)
class Choice:
    """What is unpacked and replayed.

    Attributes:
        repository: from where.
        chain: the full set first, the one that is aimed at last.
        target: to which moment.
        path: the timelines on the way there.
        segments: of the cluster's log.
        end: position up to which the log is there.
    """

    repository: Repository
    chain: tuple[Manifest, ...]
    target: Target
    path: tuple[Branch, ...]
    segments: tuple[WalSegment, ...]
    end: int

    @property
    def last(self) -> Manifest:
        """The set that is aimed at."""
        return self.chain[-1]

    @property
    def replays(self) -> bool:
        """Whether there is log to replay; without it the set ends with itself."""
        return bool(self.last.database.restore_point)

    @property
    def log(self) -> tuple[str, ...]:
        """Names of the segments that are needed; a dump needs none."""
        if self.target.logical:
            return ()
        part = self.last.database
        begin, end = lsn.number(part.start_lsn), max(self.end, end_of(self.last))
        if self.target.backup == self.last.id and self.target.at is None and not self.target.point:
            end = end_of(self.last)
        wanted = continuity.needed(self.path, part.segment_bytes, begin, end)
        return tuple(name for name, _ in wanted) if self.replays else ()


async def choose(repositories: Sequence[Repository], keys: Keys, target: Target) -> Choice:
    """From the first repository that can.

    Raises:
        BackupNotFoundError: none has such a set.
        PreflightError: none reaches the target; each reason is told.
    """
    reasons = []
    missing = True
    for repository in repositories:
        try:
            return await _from(repository, keys, target)
        except BackupNotFoundError as error:
            reasons.append(f"{repository.url}: {error.message}")
        except XiongError as error:
            missing = False
            reasons.append(f"{repository.url}: {error.message}")
    kind = BackupNotFoundError if missing else PreflightError
    raise kind(f"no restore to {target.words}: " + "; ".join(reasons), hint="xiong backup list")


async def _from(repository: Repository, keys: Keys, target: Target) -> Choice:
    sets, unreadable = await repository.manifests()
    if not sets and unreadable:
        raise PreflightError(unreadable[0].why)
    if target.logical:
        last = _dumped(sets, target)
        return Choice(repository, (last,), target, (), (), 0)
    last = _aimed(sets, target)
    chain = [last]
    while (parent := chain[0].parent) is not None:
        found = next((one for one in sets if one.id == parent), None)
        if found is None:
            raise PreflightError(f"{chain[0].id} builds on {parent}, which is not there or not believed")
        chain.insert(0, found)
    segments = await repository.wal(last.database.system_id)
    path = continuity.newest_path(
        await verify_wal.histories(repository, keys, segments), last.database.timeline, end_of(last)
    )
    if target.backup == last.id:
        path = continuity.branches(last.database.timeline)
    end = continuity.newest_restorable(segments, last.database.segment_bytes, path, end_of(last))
    return Choice(repository, tuple(chain), target, path, tuple(segments), end)


def _dumped(sets: Sequence[Manifest], target: Target) -> Manifest:
    """The set itself, or the newest that holds a dump."""
    holds = [one for one in sets if any(part.name == DUMP for part in one.objects)]
    found = next((one for one in holds if target.backup in {one.id, "newest"}), None)
    if found is None:
        seen = "no set there holds a dump" if target.backup == "newest" else f"{target.backup} holds no dump"
        raise BackupNotFoundError(f"{seen}: a set with one is made by `xiong backup create --dump`")
    return found


def _aimed(sets: Sequence[Manifest], target: Target) -> Manifest:
    """Newest first."""
    physical = [one for one in sets if one.kind is not BackupKind.LOGICAL]
    if not physical:
        raise BackupNotFoundError("there is no set yet")
    if target.at is not None:
        before = [one for one in physical if one.database.stopped_at <= target.at]
        if not before:
            first = physical[-1].database.stopped_at
            raise PreflightError(
                f"the oldest set there ends at {first:%Y-%m-%d %H:%M:%S} UTC, which is later"
            )
        return before[0]
    if target.backup == "newest" or target.point:
        named = next((one for one in physical if one.id == target.point), None)
        return named or physical[0]
    named = next((one for one in physical if one.id == target.backup), None)
    if named is None:
        raise BackupNotFoundError(f"there is no set {target.backup}")
    return named
