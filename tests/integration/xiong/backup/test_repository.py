"""Sets in a folder and on an S3-compatible server at once; and what a writer that dies leaves."""

import asyncio
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from object_stores import BUCKET, s3_server
from servers import wait_until
from vaulted import CLOCK, SETTINGS, Vault, silent, vaulted
from xiong.config.settings import Settings
from xiong.errors import LeaseHeldError, XiongError
from xiong.model.backup import BackupKind, VerifyOutcome
from xiong.operations.backup import keys as backup_keys
from xiong.operations.backup import lsn, retention
from xiong.operations.backup.create import create
from xiong.operations.backup.keys import MORE_IDENTITIES, keys_of
from xiong.operations.backup.listing import listing
from xiong.operations.backup.prune import prune
from xiong.operations.backup.reading import read_object
from xiong.operations.backup.repository import repositories_of
from xiong.operations.backup.verify import verify
from xiong.operations.leasing import hold_lease
from xiong.tools.sealing import SealError

TESTS = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with vaulted() as vault:
        yield vault


@pytest.fixture
def settings(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A folder and a bucket, both empty."""
    with s3_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        urls = (f"file://{tmp_path / 'a folder'}", f"s3://{BUCKET}/{uuid.uuid4().hex}")
        yield SETTINGS.model_copy(
            update={"backup": SETTINGS.backup.model_copy(update={"repositories": urls})}
        )


def keeping(settings: Settings, **changed) -> Settings:
    return settings.model_copy(update={"backup": settings.backup.model_copy(update=changed)})


class Later:
    """A clock that is ahead."""

    def __init__(self, days: float) -> None:
        self.days = days

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)

    def monotonic(self) -> float:
        return CLOCK.monotonic()

    async def sleep(self, seconds: float) -> None:
        await CLOCK.sleep(seconds)


async def test_a_set_lies_in_every_repository_byte_by_byte_the_same_and_good(vault, settings):
    made = await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL, dump=True)
    found = await verify(vault, settings, CLOCK, silent, backup=made.id)
    assert [one.outcome for one in found] == [VerifyOutcome.GOOD] * 2, [one.faults for one in found]
    shown = await listing(vault, settings, CLOCK)
    assert [one.fault for one in shown.repositories] == ["", ""]
    for repository in shown.repositories:
        (one,) = repository.sets
        assert (one.id, one.verified, one.dump) == (made.id, VerifyOutcome.GOOD, True)
        assert repository.logs[0].gaps == ()
        assert repository.logs[0].restorable_from == made.database.stopped_at
    assert [one.beside_data for one in shown.repositories] == [True, False]
    keys = await keys_of(vault, settings)
    for stored in made.objects:
        folder, bucket = [
            [chunk async for chunk in repository.object_stream(made.id, stored)]
            for repository in await repositories_of(vault, settings, keys)
        ]
        assert b"".join(folder) == b"".join(bucket)


async def test_a_repository_that_is_away_is_shown_and_no_backup_is_called_made(vault, settings, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    away = keeping(settings, repositories=(settings.backup.repositories[0], "s3://nowhere/x"))
    with pytest.raises(XiongError):
        async with asyncio.timeout(60):
            await create(vault, away, CLOCK, silent, kind=BackupKind.FULL)
    assert vault.lease is None
    first, second = (await listing(vault, away, CLOCK)).repositories
    assert (first.fault, first.sets, len(first.unfinished)) == ("", (), 1)
    assert "s3://nowhere/x" in second.fault


async def test_a_gap_in_the_log_is_shown_with_what_is_still_reached(vault, settings, tmp_path):
    first = await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL)
    second = await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL)
    before, other = (await listing(vault, settings, CLOCK)).repositories
    assert before.logs[0].restorable_from == first.database.stopped_at
    log = tmp_path / "a folder" / "wal" / first.database.system_id
    missing = lsn.segment(1, retention.end_of(first), first.database.segment_bytes)
    shutil.rmtree(log / missing)
    damaged, whole = (await listing(vault, settings, CLOCK)).repositories
    assert [first.id in gap for gap in damaged.logs[0].gaps] == [True]
    assert damaged.logs[0].restorable_from == second.database.stopped_at
    assert whole.logs == other.logs


async def test_prune_keeps_what_is_needed_to_go_on_and_takes_the_log_with_it(vault, settings):
    strict = keeping(settings, keep_days=0, keep_weekly=0, keep_monthly=0, keep_at_least=1)
    old = await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL)
    full = await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL)
    increment = await create(vault, settings, CLOCK, silent, kind=BackupKind.INCREMENTAL)
    assert increment.parent == full.id
    # Nothing was verified: nothing goes.
    assert [one.deleted for one in await prune(vault, strict, Later(1), silent)] == [(), ()]
    await verify(vault, settings, CLOCK, silent, backup=increment.id)
    planned = await prune(vault, strict, Later(1), silent, dry_run=True)
    assert [one.deleted for one in planned] == [(old.id,)] * 2
    assert all(one.wal_objects > 0 for one in planned)
    keys = await keys_of(vault, settings)
    repositories = await repositories_of(vault, settings, keys)
    for repository in repositories:
        assert {*await repository.ids()} == {increment.id, full.id, old.id}  # a dry run does nothing
    assert await prune(vault, strict, Later(1), silent) == planned
    for repository in repositories:
        assert {*await repository.ids()} == {increment.id, full.id}
    for name in (full.id, increment.id):  # what was kept still restores
        found = await verify(vault, settings, CLOCK, silent, backup=name)
        assert [one.outcome for one in found] == [VerifyOutcome.GOOD] * 2, [one.faults for one in found]
    assert [one.deleted + one.unfinished for one in await prune(vault, strict, Later(1), silent)] == [(), ()]


async def test_prune_leaves_what_is_damaged_to_people_and_waits_for_the_lease(vault, settings, tmp_path):
    made = await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL)
    await verify(vault, settings, CLOCK, silent)
    manifest = tmp_path / "a folder" / "sets" / made.id / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"full"', b'"fall"'))
    strict = keeping(settings, keep_days=0, keep_weekly=0, keep_monthly=0, keep_at_least=1)
    damaged, _ = await prune(vault, strict, Later(400), silent)
    assert manifest.exists()
    assert (damaged.deleted, damaged.wal_objects, len(damaged.faults)) == ((), 0, 1)
    async with hold_lease(vault, "deploy", 60, CLOCK):
        with pytest.raises(LeaseHeldError):
            await prune(vault, strict, CLOCK, silent)


async def test_what_was_never_finished_goes_after_a_day_and_not_before(vault, settings, tmp_path):
    left = tmp_path / "a folder" / "sets" / "20200101T000000Z-0000"
    left.mkdir(parents=True)
    (left / "base.tar.zst.age").write_bytes(b"half")
    (left / "backup_manifest.zst.age#1").write_bytes(b"a quarter")
    first, _ = await prune(vault, settings, CLOCK, silent)
    assert (first.unfinished, left.exists()) == ((), True)
    first, _ = await prune(vault, settings, Later(1.1), silent)
    assert (first.unfinished, left.exists()) == ((left.name,), False)


async def test_either_of_the_two_keys_may_be_lost(vault, settings, tmp_path, monkeypatch):
    made = await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL)
    offline = tmp_path / "offline-key.txt"
    offline.write_text(vault.secrets[backup_keys.OFFLINE].reveal())

    async def opens(platform: Vault) -> bool:
        keys = await keys_of(platform, settings)
        for repository in await repositories_of(platform, settings, keys):
            manifest = await repository.manifest(made.id)
            for stored in manifest.objects:
                await read_object(repository, keys, manifest, stored.name)
        return True

    # The offline key was taken away, as it should be, and is lost: the copy's own opens everything.
    away = {name: value for name, value in vault.secrets.items() if name != backup_keys.OFFLINE}
    assert await opens(replace(vault, secrets=dict(away)))
    # The machine is lost: on a new one, with keys of its own, the offline file opens and believes everything.
    new = Vault(tmp_path / "new machine")
    with pytest.raises(XiongError, match="does not trust"):
        await opens(new)
    monkeypatch.setenv(MORE_IDENTITIES, str(offline))
    assert await opens(new)
    # Without either nobody reads a word of it.
    stranger = Vault(tmp_path / "stranger")
    signer = [line for line in offline.read_text().splitlines() if line.startswith("signed-by:")]
    offline.write_text("\n".join(signer))
    with pytest.raises(SealError, match="none of our keys"):
        await opens(stranger)


async def test_no_word_of_the_data_lies_in_clear_in_a_repository(vault, settings, tmp_path):
    await create(vault, settings, CLOCK, silent, kind=BackupKind.FULL, dump=True)
    words = hashlib.md5(b"1999").hexdigest().encode()  # noqa: S324 - what the table holds
    for file in (tmp_path / "a folder").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert words not in content
            assert b"session:1" not in content
            assert vault.postgres.password.encode() not in content


@pytest.fixture(scope="module")
def whole(vault: Vault) -> int:
    """Bytes of a set with the log that it needs."""
    here = replace(vault, root=vault.root / "measured")
    here.root.mkdir()
    os.symlink(vault.root / "spool", here.root / "spool")
    asyncio.run(create(here, SETTINGS, CLOCK, silent, kind=BackupKind.FULL, dump=True))
    return held(here.root / "backups")


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 1.0])
def test_a_writer_killed_at_any_byte_leaves_no_set_that_counts(vault, tmp_path, whole, share):
    """Killed once the repository holds about that share of a whole set; then another one is made on top."""
    root, kept = tmp_path / "copy", tmp_path / "secrets.json"
    asyncio.run(keys_of(vault, SETTINGS))
    kept.write_text(json.dumps({name: value.reveal() for name, value in vault.secrets.items()}))
    argv = [
        sys.executable, "-m", "backing_up", str(root), str(vault.postgres.port), vault.postgres.password,
        str(vault.valkey.port), vault.valkey.password, str(kept),
    ]  # fmt: skip
    root.mkdir()
    os.symlink(vault.root / "spool", root / "spool")
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    process = subprocess.Popen(argv, env=environment, stderr=subprocess.DEVNULL)
    limit = share * whole + random.Random(share).randrange(1000)
    wait_until(lambda: held(root / "backups") > limit or process.poll() is not None, "it writes")
    process.kill()
    assert process.wait(30) == -signal.SIGKILL or share > 0.6, "it was not killed half way"
    here = replace(vault, root=root, lease=None)

    async def look() -> None:
        shown = (await listing(here, SETTINGS, CLOCK)).repositories[0]
        assert shown.unreadable == ()
        for one in shown.sets:  # it had ended before the blow
            (found,) = await verify(here, SETTINGS, CLOCK, silent, backup=one.id)
            assert found.outcome is VerifyOutcome.GOOD, found.faults
        assert len(shown.sets) + len(shown.unfinished) <= 1
        await create(here, SETTINGS, CLOCK, silent, kind=BackupKind.FULL, dump=False)
        (found,) = await verify(here, SETTINGS, CLOCK, silent)
        assert found.outcome is VerifyOutcome.GOOD, found.faults
        (gone,) = await prune(here, SETTINGS, Later(1.1), silent)
        assert gone.unfinished == shown.unfinished
        assert (await listing(here, SETTINGS, CLOCK)).repositories[0].unfinished == ()

    asyncio.run(look())
    shutil.rmtree(root)


def held(folder: Path) -> int:
    """Bytes in it, while somebody writes and renames there."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
