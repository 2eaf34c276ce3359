"""What a restore takes out of a real repository, and every reason for which it refuses beforehand."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from vaulted import CLOCK, SETTINGS, Vault, silent, vaulted
from xiong.errors import PreflightError
from xiong.model.backup import BackupKind, Manifest
from xiong.model.restore import Target
from xiong.operations.backup.create import create
from xiong.operations.backup.keys import Keys, keys_of
from xiong.operations.backup.repository import BackupNotFoundError, Repository
from xiong.operations.restore.choose import Choice, choose
from xiong.operations.restore.refusals import refuse
from xiong.tools.age import new_identity
from xiong.tools.object_store import open_store


@dataclass
class Here:
    """Where the set would be restored, as far as the refusals ask."""

    vault: Vault
    version: str
    free: int = 1 << 40

    @property
    def stores(self) -> Here:
        return self

    async def versions(self) -> dict[str, str]:
        return {"postgres": f"postgres (PostgreSQL) {self.version} (Debian)"}

    async def free_bytes(self) -> int:
        return self.free


@dataclass(frozen=True)
class Stage:
    """A full set, an increment on it, and a second full one, as they were written."""

    vault: Vault
    keys: Keys
    full: Manifest
    increment: Manifest
    later: Manifest

    def repository(self, folder: Path | None = None, keys: Keys | None = None) -> Repository:
        place = folder or self.vault.root / "backups"
        return Repository(open_store(f"file://{place}"), keys or self.keys)

    async def chosen(self, target: Target, repository: Repository | None = None) -> Choice:
        return await choose([repository or self.repository()], self.keys, target)

    def here(self) -> Here:
        return Here(self.vault, self.full.database.version)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with vaulted() as vault:

        async def make(kind: BackupKind) -> Manifest:
            return await create(vault, SETTINGS, CLOCK, silent, kind=kind, dump=False)

        full, increment = asyncio.run(make(BackupKind.FULL)), asyncio.run(make(BackupKind.INCREMENTAL))
        later = asyncio.run(make(BackupKind.FULL))
        yield Stage(vault, asyncio.run(keys_of(vault, SETTINGS)), full, increment, later)


@pytest.fixture
def spoilt(stage: Stage, tmp_path: Path) -> Repository:
    """A copy of the repository that a test may spoil."""
    shutil.copytree(stage.vault.root / "backups", tmp_path / "copy")
    return stage.repository(tmp_path / "copy")


def files(repository: Repository, below: str) -> list[Path]:
    folder = Path(repository.url.removeprefix("file://")) / below
    return sorted(path for path in folder.rglob("*") if path.is_file())


def ids(choice: Choice) -> list[str]:
    return [one.id for one in choice.chain]


async def test_the_newest_set_is_taken_and_the_log_behind_it(stage: Stage):
    choice = await stage.chosen(Target())

    assert ids(choice) == [stage.later.id]
    assert choice.replays
    assert choice.log
    assert len(choice.log) <= len({one.name for one in choice.segments})


async def test_an_increment_brings_what_it_builds_on_the_full_one_first(stage: Stage):
    choice = await stage.chosen(Target(stage.increment.id))

    assert ids(choice) == [stage.full.id, stage.increment.id]
    assert choice.last.id == stage.increment.id


async def test_a_time_takes_the_newest_set_that_ended_before_it(stage: Stage):
    after = {one.id: one.database.stopped_at for one in (stage.full, stage.increment, stage.later)}
    for wanted, chain in (
        (stage.full, [stage.full.id]),
        (stage.increment, [stage.full.id, stage.increment.id]),
        (stage.later, [stage.later.id]),
    ):
        assert ids(await stage.chosen(Target(at=after[wanted.id]))) == chain


async def test_a_time_before_every_set_is_refused_with_the_first_that_can_be_had(stage: Stage):
    with pytest.raises(PreflightError, match="which is later") as refused:
        await stage.chosen(Target(at=stage.full.database.stopped_at - timedelta(seconds=1)))

    assert f"{stage.full.database.stopped_at:%Y-%m-%d %H:%M:%S}" in refused.value.message


async def test_a_set_that_is_not_there_is_named(stage: Stage):
    with pytest.raises(BackupNotFoundError, match="there is no set 20200101T000000Z-ffff"):
        await stage.chosen(Target("20200101T000000Z-ffff"))


async def test_an_empty_repository_says_that_there_is_no_set(stage: Stage, tmp_path: Path):
    with pytest.raises(BackupNotFoundError, match="there is no set yet"):
        await stage.chosen(Target(), stage.repository(tmp_path))


async def test_an_increment_without_its_parent_is_refused(stage: Stage, spoilt: Repository):
    shutil.rmtree(Path(spoilt.url.removeprefix("file://")) / "sets" / stage.full.id)

    with pytest.raises(PreflightError, match=f"{stage.increment.id} builds on {stage.full.id}"):
        await stage.chosen(Target(stage.increment.id), spoilt)


async def test_a_second_repository_helps_where_the_first_cannot(stage: Stage, tmp_path: Path):
    choice = await choose([stage.repository(tmp_path), stage.repository()], stage.keys, Target())

    assert choice.repository.url == stage.repository().url


@pytest.mark.parametrize("which", ["full", "increment", "later"])
async def test_what_is_whole_is_not_refused(stage: Stage, which: str):
    await refuse(stage.here(), stage.keys, await stage.chosen(Target(getattr(stage, which).id)))


async def test_another_major_version_is_refused_and_the_dump_is_named(stage: Stage):
    here = replace(stage.here(), version="99.1")

    with pytest.raises(PreflightError, match=r"here is 99\.1: only the same major version") as refused:
        await refuse(here, stage.keys, await stage.chosen(Target()))

    assert "dump" in (refused.value.hint or "")


async def test_another_minor_version_is_not_refused(stage: Stage):
    here = replace(stage.here(), version=f"{stage.full.database.major}.99")

    await refuse(here, stage.keys, await stage.chosen(Target()))


async def test_a_smaller_disk_is_refused_with_both_figures(stage: Stage):
    here = replace(stage.here(), free=5 << 20)

    with pytest.raises(PreflightError, match=r"5 MiB are free where the data lies, about \d+ MiB") as refused:
        await refuse(here, stage.keys, await stage.chosen(Target()))

    assert "--confirm" in (refused.value.hint or "")


async def test_a_chain_needs_room_for_its_parts_too(stage: Stage):
    last = (await stage.chosen(Target(stage.later.id))).last.database
    here = replace(stage.here(), free=int(1.3 * last.data_bytes) + 3 * last.segment_bytes)

    await refuse(here, stage.keys, await stage.chosen(Target(stage.later.id)))
    with pytest.raises(PreflightError, match="are free where the data lies"):
        await refuse(here, stage.keys, await stage.chosen(Target(stage.increment.id)))


async def test_without_a_key_that_opens_it_whom_it_was_sealed_for_is_told(stage: Stage):
    stranger = replace(stage.keys, identities=(new_identity(),))

    with pytest.raises(PreflightError, match="cannot be opened") as refused:
        await refuse(stage.here(), stranger, await stage.chosen(Target(stage.full.id)))

    assert all(recipient[:12] in refused.value.message for recipient in stage.full.recipients)
    assert "XIONG_BACKUP_IDENTITY_FILE" in (refused.value.hint or "")


async def test_either_of_the_two_keys_is_enough(stage: Stage):
    assert len(stage.keys.identities) == 2
    for one in stage.keys.identities:
        await refuse(stage.here(), replace(stage.keys, identities=(one,)), await stage.chosen(Target()))


async def test_a_gap_in_the_log_is_refused_and_names_the_segment(stage: Stage, spoilt: Repository):
    choice = await stage.chosen(Target(stage.full.id), spoilt)
    gone = choice.log[0]
    for path in files(spoilt, f"wal/{stage.full.database.system_id}/{gone}"):
        path.unlink()

    with pytest.raises(PreflightError, match=f"has a gap: WAL segment {gone} is missing"):
        await refuse(stage.here(), stage.keys, await stage.chosen(Target(stage.full.id), spoilt))


async def test_a_damaged_object_is_refused_before_anything_is_unpacked(stage: Stage, spoilt: Repository):
    (manifest,) = [
        path for path in files(spoilt, f"sets/{stage.later.id}") if path.name == "backup_manifest.zst.age"
    ]
    content = bytearray(manifest.read_bytes())
    content[len(content) // 2] ^= 1
    manifest.write_bytes(content)

    with pytest.raises(PreflightError) as refused:
        await refuse(stage.here(), stage.keys, await stage.chosen(Target(stage.later.id), spoilt))

    assert stage.later.id in refused.value.message or stage.later.id in (refused.value.hint or "")
