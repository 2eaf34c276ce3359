"""How `xiong backup` talks to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from xiong.model.backup import Verification, VerifyOutcome
from xiong.operations.backup.listing import BackupList, ListedBackup, ListedLog, ListedRepository
from xiong.operations.backup.prune import Pruned

_stdout = Console(highlight=False, soft_wrap=True, markup=False)
_WORDS = {VerifyOutcome.GOOD: "verified", VerifyOutcome.BAD: "DAMAGED", None: "not verified"}


def created(made: ListedBackup) -> None:
    """A set that was made."""
    seconds = (made.ended_at - made.begun_at).total_seconds()
    speed = f", {_size(made.plain_bytes / seconds)}/s" if seconds > 0 else ""
    _stdout.print(f"backup  {made.id}, {made.kind}{f' on {made.parent}' if made.parent else ''}")
    _stdout.print(
        f"  size    {_size(made.plain_bytes)}, stored {_size(made.stored_bytes)}, {seconds:.1f} s{speed}"
    )
    _stdout.print(f"  rows    {made.rows}, schema {made.revision or 'empty'}")
    _stdout.print(f"  next    xiong backup verify {made.id}")


def listing(found: BackupList) -> None:
    """Like `pgbackrest info`: each repository, its log, its sets."""
    for repository in found.repositories:
        _repository(repository)
    if found.offline_key_here:
        _stdout.print("! the offline key still lies on this machine: take it away   (docs/how-to/back-up.md)")


def _repository(one: ListedRepository) -> None:
    good = sum(1 for each in one.sets if each.verified is VerifyOutcome.GOOD)
    status = one.fault or f"{len(one.sets)} sets, {good} verified"
    _stdout.print(f"repository: {one.url}")
    _stdout.print(f"    status: {status}")
    if one.beside_data:
        _stdout.print("    ! it lies on the disk of the data, and is lost with it")
    for why in one.unreadable:
        _stdout.print(f"    ! {why}")
    for name in one.unfinished:
        _stdout.print(f"    unfinished, no set: {name}   (prune deletes it after a day)")
    for log in one.logs:
        _log(log)
    for each in one.sets:
        _set(each)
    _stdout.print()


def _log(one: ListedLog) -> None:
    _stdout.print(f"    cluster: {one.system_id}")
    if one.first:
        _stdout.print(
            f"        wal archive min/max: {one.first} / {one.last}, "
            f"{one.objects} objects, {_size(one.stored_bytes)}"
        )
    if one.restorable_from:
        _stdout.print(
            f"        restorable: any second from {_time(one.restorable_from)} to {one.restorable_to}"
            f" (log stored {_time(one.newest_at)})"
        )
    for gap in one.gaps:
        _stdout.print(f"        ! {gap}")


def _set(one: ListedBackup) -> None:
    at = f" {_time(one.verified_at)}" if one.verified_at else ""
    _stdout.print(f"    {one.kind.value} backup: {one.id}   {_WORDS[one.verified]}{at}")
    _stdout.print(f"        timestamp start/stop: {_time(one.begun_at)} / {_time(one.ended_at)}")
    _stdout.print(f"        wal start/stop: {one.start_lsn} / {one.stop_lsn}")
    _stdout.print(
        f"        size: {_size(one.plain_bytes)}, stored: {_size(one.stored_bytes)}, rows: {one.rows}, "
        f"PostgreSQL {one.version}, schema {one.revision or 'empty'}{', with a dump' if one.dump else ''}"
    )
    if one.parent:
        _stdout.print(f"        builds on: {one.parent}")
    _stdout.print(f"        kept: {'; '.join(one.kept_because) or 'no longer, the next prune deletes it'}")


def verified(found: Sequence[Verification]) -> None:
    """Good, or each fault."""
    for one in found:
        _stdout.print(f"{_WORDS[one.outcome]}  {one.backup} in {one.repository}, {one.seconds:.1f} s")
        for fault in one.faults:
            _stdout.print(f"  ! {fault}")
        for check in one.checks:
            _stdout.print(f"    {check}")


def pruned(found: Sequence[Pruned], *, dry_run: bool) -> None:
    """What went, what stays and why."""
    word = "would go" if dry_run else "gone"
    for one in found:
        _stdout.print(f"repository: {one.repository}")
        for kept in one.kept:
            _stdout.print(f"    stays     {kept.id}: {'; '.join(kept.reasons)}")
        for name in one.deleted:
            _stdout.print(f"    {word:<9} {name}")
        for name in one.unfinished:
            _stdout.print(f"    {word:<9} {name}: it was never finished")
        _stdout.print(f"    {word:<9} {one.wal_objects} pieces of the log; {_size(one.freed_bytes)} in all")
        for fault in one.faults:
            _stdout.print(f"    ! {fault}   (it and the log stay)")


def _time(at: datetime | None) -> str:
    return f"{at:%F %T} UTC" if at else "never"


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.2f} GiB"
