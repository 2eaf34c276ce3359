"""`xiong backup verify`: whether a set, its parents and its log are as they were written, and usable.

It says so in the repository, signed, since retention counts verified sets only.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xiong.config.settings import Settings
from xiong.errors import PreflightError, XiongError
from xiong.model.backup import Manifest, Verification, VerifyOutcome
from xiong.operations.backup import history, verify_wal
from xiong.operations.backup.database import BASE
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.repository import BackupNotFoundError, Repository, repositories_of
from xiong.operations.backup.verify_objects import Bench, ObjectCheck
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

NEWEST, ALL = "newest", "all"
_ROOM, _OLD_SECONDS = 1.2, 86400
_PREFIX = "verify-"


async def verify(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, backup: str = NEWEST
) -> tuple[Verification, ...]:
    """Checks a set in every repository that has it; what is wrong stands in the result.

    Args:
        platform: whose sets they are.
        settings: of this copy.
        clock: whose time counts.
        progress: told how far it is.
        backup: an id or its beginning, `newest`, or `all`.

    Raises:
        BackupNotFoundError: there is no such set.
        PreflightError: there is too little room to unpack it.
        StorageError: a repository does not answer.
    """
    keys, stores = await keys_of(platform, settings), platform.stores
    cache = None if await stores.lacks("valkey") else await stores.access("valkey")
    bench = Bench(keys, await stores.access("postgres"), cache, clock, progress)
    found = []
    for repository in await repositories_of(platform, settings, keys):
        for name in _chosen(await repository.ids(), backup):
            progress(f"verify {name} in {repository.url}")
            async with _room(platform, repository, name) as folder:
                one = await verify_set(bench, repository, name, folder)
            await repository.write_verification(one)
            await history.keep_verification(platform.records, one)
            found.append(one)
    if not found:
        raise BackupNotFoundError(f"no set {backup!r} in any repository", hint="xiong backup list")
    return tuple(found)


def _chosen(ids: list[str], backup: str) -> list[str]:
    if backup == ALL:
        return ids
    return ids[:1] if backup == NEWEST else [one for one in ids if one.startswith(backup)]


async def verify_set(bench: Bench, repository: Repository, backup: str, folder: Path) -> Verification:
    """Checks one set in one repository.

    Args:
        bench: keys and programs.
        repository: where it lies.
        backup: its id.
        folder: empty and private; what is unpacked there is the caller's to remove.

    Raises:
        StorageError: the repository does not answer.
    """
    begun = bench.clock.monotonic()
    faults: list[str] = []
    checks: list[str] = []
    try:
        manifest = await repository.manifest(backup)
    except XiongError as error:
        if error.retryable:
            raise
        faults.append(error.message)
    else:
        checks.append("signature")
        await _parents(repository, manifest, faults, checks)
        await _contents(bench, repository, manifest, folder, faults, checks)
    return Verification(
        backup=backup,
        repository=repository.url,
        outcome=VerifyOutcome.BAD if faults else VerifyOutcome.GOOD,
        checked_at=bench.clock.now(),
        seconds=round(bench.clock.monotonic() - begun, 3),
        faults=tuple(faults),
        checks=tuple(checks),
    )


async def _parents(repository: Repository, manifest: Manifest, faults: list[str], checks: list[str]) -> None:
    """Whether all that an increment builds on is there; their contents are verified with themselves."""
    one, seen = manifest, 0
    while one.parent is not None:
        try:
            one = await repository.manifest(one.parent)
        except XiongError as error:
            if error.retryable:
                raise
            faults.append(f"it builds on {one.parent}: {error.message}")
            return
        listed = {fact.key: fact.size for fact in await repository.store.list(f"sets/{one.id}/")}
        faults.extend(
            f"it builds on {one.id}: {key} is missing or has another size"
            for part in one.objects
            if listed.get(key := Repository.key(one.id, part.name)) != part.stored_bytes
        )
        seen += 1
    if seen:
        checks.append(f"{seen} sets that it builds on are there")


async def _contents(
    bench: Bench,
    repository: Repository,
    manifest: Manifest,
    folder: Path,
    faults: list[str],
    checks: list[str],
) -> None:
    objects = ObjectCheck(bench, repository, manifest, folder)
    damaged = {}
    for stored in manifest.objects:
        if fault := await objects.object(stored):
            damaged[stored.name] = fault
    faults.extend(damaged.values())
    checks.append(f"{len(manifest.objects)} objects, opened")
    ships = bool(manifest.database.point_lsn)  # otherwise the log it needs lies in the base backup
    wal = folder / "wal"
    if ships:
        wal.mkdir(mode=0o700)
        newest = await _newest(repository, manifest)
        log = await verify_wal.check(repository, bench.keys, manifest, wal, newest=newest)
        faults.extend(log.faults)
        checks.extend(log.checks)
    if BASE not in damaged and any(part.name == BASE for part in manifest.objects):
        if said := await objects.by_database(wal if ships else None):
            faults.append(said)
        checks.append("pg_verifybackup")


async def _newest(repository: Repository, manifest: Manifest) -> bool:
    sets, _ = await repository.manifests()
    cluster = manifest.database.system_id
    return not any(one.begun_at > manifest.begun_at and one.database.system_id == cluster for one in sets)


@asynccontextmanager
async def _room(platform: Platform, repository: Repository, backup: str) -> AsyncIterator[Path]:
    """A private folder beside the data, where a base backup is unpacked; gone afterwards."""
    stores = platform.stores
    free, wanted = await stores.free_bytes(), _ROOM * await _unpacked_bytes(repository, backup)
    if free < wanted:
        raise PreflightError(
            f"too little room to unpack {backup}: {free >> 20} MiB free, expected {int(wanted) >> 20} MiB",
            hint="df -h   (where the data folders lie)",
        )
    folder = await stores.place("postgres", f"{_PREFIX}{backup}-{secrets.token_hex(2)}")
    try:
        await asyncio.to_thread(_clear_leftovers, folder.parent, folder.name.partition(_PREFIX)[0])
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _unpacked_bytes(repository: Repository, backup: str) -> int:
    try:
        return (await repository.manifest(backup)).plain_bytes
    except XiongError:
        return 0


def _clear_leftovers(folder: Path, before: str) -> None:
    """What a killed one left long ago."""
    limit = time.time() - _OLD_SECONDS
    for old in folder.glob(f"{before}{_PREFIX}*"):
        if old.stat().st_mtime < limit:
            shutil.rmtree(old, ignore_errors=True)
