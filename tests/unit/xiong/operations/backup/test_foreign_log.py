"""A segment of the log says which cluster wrote it, and goes to that cluster's log and no other's."""

from pathlib import Path

import pytest

from vaulted import SETTINGS, Vault
from xiong.operations.backup import lsn
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.repository import repositories_of
from xiong.operations.backup.wal import Shipper

OURS, THEIRS = "7713463555384127510", "7713463555384127511"
SEGMENT = 1 << 20
NAMES = "000000010000000000000003", "000000010000000000000004"


def written_by(system: str, size: int = SEGMENT) -> bytes:
    return (b"\x16\xd1" + bytes(22) + int(system).to_bytes(8, "little")).ljust(size, b"\1")


def test_a_segment_names_its_cluster_and_an_empty_one_none():
    assert lsn.system_of(written_by(OURS)) == OURS
    assert lsn.system_of(bytes(SEGMENT)) == lsn.system_of(b"short") == ""


@pytest.mark.parametrize("name", NAMES)
async def test_what_another_cluster_wrote_is_stored_as_its_own_and_ours_as_ours(tmp_path: Path, name: str):
    platform = Vault(tmp_path)
    keys = await keys_of(platform, SETTINGS)
    (repository,) = await repositories_of(platform, SETTINGS, keys)
    spool = tmp_path / "spool"
    spool.mkdir()
    shipper = Shipper(spool, [repository], keys, OURS, SEGMENT)

    (spool / name).write_bytes(written_by(THEIRS))
    await shipper.ship()
    assert shipper.foreign
    assert await repository.wal(OURS) == []
    assert [one.name for one in await repository.wal(THEIRS)] == [name]
    assert list(spool.iterdir()) == []

    (spool / f"{name}.partial").write_bytes(written_by(THEIRS, 4096))
    await shipper.ship()
    assert await repository.wal(OURS) == []

    (spool / f"{name}.partial").unlink()
    (spool / name).write_bytes(written_by(OURS))
    await shipper.ship()
    assert [one.name for one in await repository.wal(OURS)] == [name]
