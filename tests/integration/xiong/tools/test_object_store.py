"""One body over every kind of store that is here: a folder, and a real S3-compatible server."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from object_stores import BUCKET, s3_server
from xiong.errors import ConfigurationError
from xiong.tools.object_store import AlreadyThereError, NotThereError, ObjectStore, StorageError, open_store

MIB = 1 << 20


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as environment:
        yield environment


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    if request.param == "folder":
        return open_store(f"file://{tmp_path / 'a folder'}")
    for name, value in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://{BUCKET}/{uuid.uuid4().hex}")


async def stream(content: bytes, size: int = MIB) -> AsyncIterator[bytes]:
    for first in range(0, len(content), size):
        yield content[first : first + size]


async def test_what_is_put_is_got(store: ObjectStore):
    await store.put("sets/a/manifest.json", b"one")
    assert await store.get("sets/a/manifest.json") == b"one"
    await store.put("sets/a/manifest.json", b"two")
    assert await store.get("sets/a/manifest.json") == b"two"


async def test_an_object_that_is_there_is_not_made_again(store: ObjectStore):
    await store.put("key", b"one", create=True)
    with pytest.raises(AlreadyThereError, match="exists already"):
        await store.put("key", b"two", create=True)
    assert await store.get("key") == b"one"


async def test_of_many_who_make_the_same_object_at_once_one_does(store: ObjectStore):
    async def attempt(number: int) -> bool:
        try:
            await store.put("key", b"%d" % number, create=True)
        except AlreadyThereError:
            return False
        return True

    made = await asyncio.gather(*(attempt(number) for number in range(8)))
    assert made.count(True) == 1
    assert await store.get("key") == b"%d" % made.index(True)


@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 16 * MIB, 37 * MIB + 5])
async def test_a_stream_of_any_size_comes_back_as_it_was(store: ObjectStore, size: int):
    content = os.urandom(size)
    await store.put_stream("base.tar", stream(content))
    assert b"".join([chunk async for chunk in store.get_stream("base.tar")]) == content


async def test_a_stream_that_breaks_off_leaves_nothing(store: ObjectStore):
    async def breaking() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield os.urandom(6 * MIB)
        raise RuntimeError("the tool died")

    with pytest.raises(RuntimeError, match="the tool died"):
        await store.put_stream("base.tar", breaking())
    assert await store.list("") == []
    with pytest.raises(NotThereError):
        await store.get("base.tar")


async def test_a_listing_is_of_what_lies_below_sorted_by_key(store: ObjectStore):
    for key in ("sets/b/x", "sets/a/y", "sets/a/x", "wal/1/x"):
        await store.put(key, key.encode())
    found = await store.list("sets/")
    assert [one.key for one in found] == ["sets/a/x", "sets/a/y", "sets/b/x"]
    assert {one.size for one in found} == {8}
    assert await store.list("nothing/") == []


async def test_deleting_twice_is_no_error(store: ObjectStore):
    await store.put("a", b"1")
    await store.put("b", b"2")
    await store.delete(["a", "b", "c"])
    await store.delete(["a"])
    assert await store.list("") == []


async def test_what_is_not_there_is_said(store: ObjectStore):
    with pytest.raises(NotThereError, match="is not there"):
        await store.get("nowhere")
    with pytest.raises(NotThereError):
        async for _ in store.get_stream("nowhere"):
            pass


async def test_a_server_that_refuses_is_named_with_its_words(s3, monkeypatch):
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    store = open_store("s3://no-such-bucket-of-ours/x")
    with pytest.raises(StorageError, match=r"s3://no-such-bucket-of-ours/x/key failed") as caught:
        await store.put("key", b"1")
    assert caught.value.retryable


@pytest.mark.parametrize("url", ["ftp://a/b", "/srv/backups", "s3://key:secret@bucket/x", ""])
def test_what_is_no_repository_is_refused_and_no_credential_is_repeated(url):
    with pytest.raises(ConfigurationError, match="no repository") as caught:
        open_store(url)
    assert "secret" not in caught.value.message
