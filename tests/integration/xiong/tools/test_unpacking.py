"""A tar stream becomes a folder, and nothing else."""

import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xiong.tools.unpacking import UnpackError, unpack


def packed(**members: bytes) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


async def stream(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for first in range(0, len(content), size):
        yield content[first : first + size]


async def test_every_file_is_there(tmp_path: Path):
    await unpack(stream(packed(a=b"1" * 5000, b=b"")), tmp_path)
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == {"a": 5000, "b": 0}


async def test_half_an_archive_is_said_to_be_one(tmp_path: Path):
    with pytest.raises(UnpackError):
        await unpack(stream(packed(a=b"1" * 50000)[:30000]), tmp_path)


async def test_nothing_is_written_outside(tmp_path: Path):
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(UnpackError):
        await unpack(stream(packed(**{"../outside": b"x"})), inside)
    assert not (tmp_path / "outside").exists()


async def test_a_disk_that_refuses_ends_it_though_much_more_would_come(tmp_path: Path):
    async def much() -> AsyncIterator[bytes]:
        yield packed(a=b"1" * 5000)[:5000]
        for _ in range(2000):
            yield b"\1" * 65536

    (tmp_path / "a-file").touch()
    with pytest.raises(UnpackError, match="a-file"):
        await unpack(much(), tmp_path / "a-file")


async def test_a_source_that_breaks_off_is_what_is_raised(tmp_path: Path):
    async def breaking() -> AsyncIterator[bytes]:
        yield packed(a=b"1" * 5000)[:2000]
        raise RuntimeError("the repository is away")

    with pytest.raises(RuntimeError, match="away"):
        await unpack(breaking(), tmp_path)
