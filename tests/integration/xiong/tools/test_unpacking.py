"""A tar stream becomes a folder, and nothing else."""

import io
import os
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


async def test_folders_files_and_their_modes_are_as_they_were_packed(tmp_path: Path):
    content = os.urandom(40 << 20)
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, kind, mode, size in (
            ("base", tarfile.DIRTYPE, 0o700, 0),
            ("base/1", tarfile.DIRTYPE, 0o700, 0),
            ("base/1/large", tarfile.REGTYPE, 0o600, len(content)),
            ("base/1/program", tarfile.REGTYPE, 0o4777, 513),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.size = kind, mode, size
            archive.addfile(entry, io.BytesIO(content[:size]))
    await unpack(stream(whole.getvalue(), 999_999), tmp_path)
    assert (tmp_path / "base/1/large").read_bytes() == content
    assert (tmp_path / "base/1/program").read_bytes() == content[:513]
    modes = {path.name: path.stat().st_mode & 0o7777 for path in tmp_path.rglob("*")}
    assert modes == {"base": 0o700, "1": 0o700, "large": 0o600, "program": 0o755}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
async def test_a_link_or_anything_else_is_refused(tmp_path: Path, kind: bytes):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        entry = tarfile.TarInfo("way-out")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(UnpackError, match="neither a file nor a folder"):
        await unpack(stream(whole.getvalue()), tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_comes_twice_does_not_replace_the_first(tmp_path: Path):
    twice = packed(a=b"first")[:1024] + packed(a=b"second")
    with pytest.raises(UnpackError, match="exists"):
        await unpack(stream(twice), tmp_path)
    assert (tmp_path / "a").read_bytes() == b"first"


async def test_a_header_with_a_flipped_bit_is_found(tmp_path: Path):
    content = bytearray(packed(a=b"1" * 5000))
    content[0] ^= 0x20
    with pytest.raises(UnpackError):
        await unpack(stream(bytes(content)), tmp_path)


async def test_half_an_archive_is_said_to_be_one(tmp_path: Path):
    with pytest.raises(UnpackError):
        await unpack(stream(packed(a=b"1" * 50000)[:30000]), tmp_path)


async def test_nothing_is_written_outside(tmp_path: Path):
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("../outside", "a/../../outside", f"{tmp_path}/outside"):
        with pytest.raises(UnpackError):
            await unpack(stream(packed(**{name: b"x"})), inside)
    assert list(tmp_path.iterdir()) == [inside]


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
