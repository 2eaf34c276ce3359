"""A real set, damaged in every way we can think of: verify names what is damaged."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from vaulted import CLOCK, SETTINGS, Vault, silent, vaulted
from xiong.errors import PreflightError
from xiong.model.backup import BackupKind, Manifest, Verification, VerifyOutcome
from xiong.operations.backup.create import create
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.repository import DamagedError, Repository
from xiong.operations.backup.verify import verify, verify_set
from xiong.operations.backup.verify_objects import Bench
from xiong.operations.backup.verify_wal import misplaced
from xiong.tools.object_store import ObjectStore, StorageError, open_store
from xiong.tools.sealing import unseal


@dataclass(frozen=True)
class Stage:
    """A full set and an increment on it, as they were written."""

    vault: Vault
    full: Manifest
    increment: Manifest


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with vaulted() as vault:

        async def make(kind: BackupKind) -> Manifest:
            return await create(vault, SETTINGS, CLOCK, silent, kind=kind, dump=kind is BackupKind.FULL)

        full = asyncio.run(make(BackupKind.FULL))
        yield Stage(vault, full, asyncio.run(make(BackupKind.INCREMENTAL)))


@dataclass(frozen=True)
class Damaged:
    """A copy of the repository that a test may spoil."""

    stage: Stage
    folder: Path
    room: Path

    def files(self, below: str = "") -> list[Path]:
        return sorted(path for path in (self.folder / below).rglob("*") if path.is_file())

    def change(self, file: Path, change: Callable[[bytearray], object]) -> None:
        content = bytearray(file.read_bytes())
        change(content)
        file.write_bytes(content)

    async def found(self, manifest: Manifest) -> Verification:
        vault = self.stage.vault
        keys = await keys_of(vault, SETTINGS)
        bench = Bench(keys, await vault.access("postgres"), await vault.access("valkey"), CLOCK, silent)
        shutil.rmtree(self.room, ignore_errors=True)
        self.room.mkdir()
        return await verify_set(bench, self.repository(keys), manifest.id, self.room)

    def repository(self, keys) -> Repository:
        return Repository(open_store(f"file://{self.folder}"), keys)


@pytest.fixture
def damaged(stage: Stage, tmp_path: Path) -> Damaged:
    shutil.copytree(stage.vault.root / "backups", tmp_path / "copy")
    return Damaged(stage, tmp_path / "copy", tmp_path / "room")


async def test_a_set_as_it_was_written_is_good_and_that_is_kept_beside_it(stage):
    found = await verify(stage.vault, SETTINGS, CLOCK, silent, backup="all")
    assert [one.outcome for one in found] == [VerifyOutcome.GOOD] * 2, [one.faults for one in found]
    assert {one.backup for one in found} == {stage.full.id, stage.increment.id}
    assert "pg_verifybackup" in found[0].checks
    keys = await keys_of(stage.vault, SETTINGS)
    repository = Repository(open_store(await stage.vault.default_repository()), keys)
    assert await repository.verification(stage.full.id) == next(
        one for one in found if one.backup == stage.full.id
    )
    assert list((stage.vault.root / "room").iterdir()) == []  # nothing in clear stays


def places(size: int) -> dict[str, int]:
    """Header with its stanzas (a whole one is about 200 bytes), body, tail."""
    return {"header": 8, "stanza": 60, "second stanza": 170, "body": size // 2, "tail": size - 1}


@pytest.mark.parametrize("part", ["header", "stanza", "second stanza", "body", "tail"])
async def test_a_flipped_byte_is_found_in_every_object_of_a_set_and_in_its_log(damaged, part):
    sealed = [file for file in damaged.files() if file.name.endswith(".age")]
    for file in sealed:
        damaged.change(file, lambda content: flip(content, places(len(content))[part]))
    for manifest in (damaged.stage.full, damaged.stage.increment):
        found = await damaged.found(manifest)
        assert found.outcome is VerifyOutcome.BAD
        for stored in manifest.objects:
            assert any(f"{manifest.id}/{stored.name}" in fault for fault in found.faults), stored.name
        assert any(f"wal/{manifest.database.system_id}/" in fault for fault in found.faults)


def flip(content: bytearray, place: int) -> None:
    content[place] ^= 0x20  # the bit between small and capital letters, which a careless reader does not see


async def test_no_byte_of_a_manifest_can_be_changed_unseen(damaged):
    """Every one of them: values, names, blanks and the signature."""
    keys = await keys_of(damaged.stage.vault, SETTINGS)
    repository, manifest = damaged.repository(keys), damaged.stage.full
    file = damaged.folder / "sets" / manifest.id / "manifest.json"
    written = file.read_bytes()
    assert await repository.manifest(manifest.id) == manifest
    for place in range(len(written)):
        content = bytearray(written)
        content[place] ^= 0x20 if place % 2 else 0x01
        file.write_bytes(content)
        with pytest.raises(DamagedError, match=r"manifest\.json"):
            await repository.manifest(manifest.id)
    assert [one.backup for one in (await repository.manifests())[1]] == [manifest.id]
    file.write_bytes(written)
    assert (await damaged.found(manifest)).outcome is VerifyOutcome.GOOD


async def test_a_value_changed_by_somebody_who_can_write_json_is_found(damaged):
    manifest = damaged.stage.full
    file = damaged.folder / "sets" / manifest.id / "manifest.json"
    written = json.loads(file.read_text())
    for name, value in (("kind", "logical"), ("parent", "x"), ("objects", []), ("recipients", [])):
        file.write_text(json.dumps({**written, "manifest": {**written["manifest"], name: value}}))
        found = await damaged.found(manifest)
        assert found.outcome is VerifyOutcome.BAD
        assert found.faults[0].startswith(f"sets/{manifest.id}/manifest.json is not believed")


async def test_the_same_manifest_in_other_bytes_is_not_the_one_that_was_written(damaged):
    manifest = damaged.stage.full
    file = damaged.folder / "sets" / manifest.id / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=4))
    found = await damaged.found(manifest)
    assert found.faults == (
        f"sets/{manifest.id}/manifest.json is damaged: some of its bytes are not as they were written",
    )


async def test_a_set_by_somebody_whom_we_do_not_trust_is_no_set_of_ours(damaged):
    stranger = Vault(damaged.room / "stranger")
    repository = damaged.repository(await keys_of(stranger, SETTINGS))
    forged = replace(damaged.stage.full, id="20991231T000000Z-ffff")
    await repository.write_manifest(forged)
    found = await damaged.found(forged)
    assert (found.outcome, len(found.faults)) == (VerifyOutcome.BAD, 1)
    assert "does not trust" in found.faults[0]


@pytest.mark.parametrize("how", ["deleted", "emptied", "cut", "longer", "another's"])
async def test_an_object_that_is_not_whole_is_named(damaged, how):
    manifest = damaged.stage.full
    for stored in manifest.objects:
        file = damaged.folder / Repository.key(manifest.id, stored.name)
        content = file.read_bytes()
        if how == "deleted":
            file.unlink()
        else:
            other = damaged.folder / Repository.key(damaged.stage.increment.id, "contents.json")
            changed = {
                "emptied": b"",
                "cut": content[:-1],
                "longer": content + b"x",
                "another's": other.read_bytes(),
            }
            file.write_bytes(changed[how])
    found = await damaged.found(manifest)
    for stored in manifest.objects:
        assert any(f"{manifest.id}/{stored.name}" in fault for fault in found.faults), stored.name


async def test_an_increment_without_what_it_builds_on_is_bad(damaged):
    full = damaged.stage.full
    (damaged.folder / Repository.key(full.id, "base.tar")).unlink()
    found = await damaged.found(damaged.stage.increment)
    assert any(f"{full.id}/base.tar" in fault and "missing" in fault for fault in found.faults)
    shutil.rmtree(damaged.folder / "sets" / full.id)
    found = await damaged.found(damaged.stage.increment)
    assert any(f"it builds on {full.id}" in fault for fault in found.faults)


def needed_log(damaged: Damaged) -> list[Path]:
    """Pieces of the segment in which the full set begins."""
    name = f"{damaged.stage.full.database.timeline:08X}"
    start = int(damaged.stage.full.database.start_lsn.partition("/")[2], 16) >> 24
    return damaged.files(f"wal/{damaged.stage.full.database.system_id}/{name}00000000{start:08X}")


async def test_a_damaged_history_of_a_timeline_is_named(damaged):
    lies = damaged.folder / "wal" / damaged.stage.full.database.system_id / "00000002.history"
    lies.mkdir()
    (lies / f"00000000-00000010-w-{'0' * 64}.zst.age").write_bytes(b"not sealed")
    found = await damaged.found(damaged.stage.full)
    assert [fault for fault in found.faults if "cannot be opened" in fault or "00000002.history" in fault]


async def test_a_repository_that_goes_away_meanwhile_makes_no_set_bad(damaged, monkeypatch):
    async def away(self, key: str):
        raise StorageError(f"reading {key} failed")
        yield b""

    monkeypatch.setattr(ObjectStore, "get_stream", away)
    with pytest.raises(StorageError):
        await damaged.found(damaged.stage.full)


async def test_a_gap_in_the_log_is_named(damaged):
    for piece in needed_log(damaged):
        piece.unlink()
    found = await damaged.found(damaged.stage.full)
    assert any("is missing" in fault and piece.parent.name in fault for fault in found.faults)


async def test_a_log_that_breaks_off_behind_the_newest_set_is_a_fault_of_that_set_alone(damaged):
    newest = damaged.files(f"wal/{damaged.stage.full.database.system_id}")[-1]
    later = newest.parent.with_name(f"{int(newest.parent.name, 16) + 2:024X}")
    shutil.copytree(newest.parent, later)
    found = await damaged.found(damaged.stage.increment)
    assert any("breaks off" in fault and later.name in fault for fault in found.faults)
    assert (await damaged.found(damaged.stage.full)).outcome is VerifyOutcome.GOOD


async def test_the_newest_set_is_the_one_that_began_last_whatever_the_ids_say(damaged):
    keys = await keys_of(damaged.stage.vault, SETTINGS)
    earlier = replace(damaged.stage.full, id="20991231T000000Z-ffff")  # as of two sets of the same second
    await damaged.repository(keys).write_manifest(earlier)
    newest = damaged.files(f"wal/{damaged.stage.full.database.system_id}")[-1]
    later = newest.parent.with_name(f"{int(newest.parent.name, 16) + 2:024X}")
    shutil.copytree(newest.parent, later)
    found = await damaged.found(damaged.stage.increment)
    assert any("breaks off" in fault and later.name in fault for fault in found.faults)


def renamed(piece: Path, at: int, to: str) -> Path:
    words = piece.name.removesuffix(".zst.age").split("-")
    words[at] = to
    return piece.rename(piece.with_name("-".join(words) + ".zst.age"))


@pytest.mark.parametrize(
    ("at", "to"), [(0, "00002000"), (1, "00ffe000"), (3, "0" * 64)], ids=["offset", "size", "hash"]
)
async def test_a_piece_of_the_log_whose_key_lies_is_named(damaged, at, to):
    (piece,) = needed_log(damaged)
    changed = renamed(piece, at, to)
    found = await damaged.found(damaged.stage.full)
    assert any(changed.name in fault or changed.parent.name in fault for fault in found.faults)


async def test_a_segment_under_another_ones_name_is_named(damaged):
    (piece,) = needed_log(damaged)
    other = piece.parent.with_name(f"{int(piece.parent.name, 16) + 1:024X}")
    shutil.rmtree(other, ignore_errors=True)
    piece.parent.rename(other)
    piece.parent.mkdir()
    shutil.copy(other / piece.name, piece)
    found = await damaged.found(damaged.stage.full)
    assert any(other.name in fault and "says that it is" in fault for fault in found.faults)


async def test_a_cluster_that_is_another_one_is_named(damaged):
    """The same names, another database: what was sealed well is checked for whose it is."""
    (piece,) = needed_log(damaged)
    keys = await keys_of(damaged.stage.vault, SETTINGS)
    repository, part = damaged.repository(keys), damaged.stage.full.database
    (segment,) = await repository.wal(part.system_id, piece.parent.name)
    content = b"".join([one async for one in unseal(repository.segment_stream(segment), keys.identities)])
    assert misplaced(segment, content, part) == []
    foreign = replace(part, system_id="1")
    assert "belongs to the cluster" in misplaced(segment, content, foreign)[0]


async def test_a_set_is_not_unpacked_where_there_is_no_room(stage):
    small = replace(stage.vault, free=1 << 20)
    with pytest.raises(PreflightError, match="too little room"):
        await verify(small, SETTINGS, CLOCK, silent)
