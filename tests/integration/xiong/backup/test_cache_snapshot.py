"""A real cache, taken out over the replication protocol in both ways that a server may answer."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis.asyncio

from servers import Valkey, free_port, valkey_binary, wait_until
from xiong.config.secrets import Secret
from xiong.datastores import valkey_snapshot
from xiong.errors import PlatformError
from xiong.tools.store_access import StoreAccess


def access(server: Valkey, password: str | None = None) -> StoreAccess:
    return StoreAccess(
        "127.0.0.1", server.port, "", Secret(password or server.password), "0", valkey_binary().parent, None
    )


async def taken(server: Valkey) -> bytes:
    return b"".join([chunk async for chunk in valkey_snapshot.snapshot(access(server))])


@pytest.mark.parametrize("diskless", ["yes", "no"])
async def test_another_server_loads_what_was_taken(valkey, diskless):
    client = redis.asyncio.Redis(port=valkey.port, password=valkey.password)
    await client.config_set("repl-diskless-sync", diskless)
    await client.config_set("repl-diskless-sync-delay", 0)
    await client.set("large", b"\0" * 3_000_000)
    await client.set("small", "held", ex=3600)
    await client.aclose()

    content = await taken(valkey)

    folder = Path(tempfile.mkdtemp(prefix="xiong-cache-"))
    try:
        (folder / "dump.rdb").write_bytes(content)
        with _loaded(folder) as port:
            client = redis.asyncio.Redis(port=port)
            assert await client.get("small") == b"held"
            assert await client.strlen("large") == 3_000_000
            assert await client.ttl("small") > 0
            await client.aclose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_keys_that_expire_are_not_expected_back(valkey):
    before = (await valkey_snapshot.facts(access(valkey))).keys
    client = redis.asyncio.Redis(port=valkey.port, password=valkey.password)
    await client.set("stays", "held")
    await client.set("goes", "held", ex=3600)
    await client.aclose()

    assert (await valkey_snapshot.facts(access(valkey))).keys == before + 1


@contextmanager
def _loaded(folder: Path) -> Iterator[int]:
    """The port of a second server on that folder."""
    port = free_port()
    argv = [str(valkey_binary()), "--port", str(port), "--dir", str(folder), "--bind", "127.0.0.1"]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), "the second cache answers")
        yield port
    finally:
        process.kill()
        process.wait(30)


def _answers(port: int) -> bool:
    with redis.Redis(port=port) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


async def test_a_wrong_password_is_said_in_words(valkey):
    stream = valkey_snapshot.snapshot(access(valkey, "wrong"))

    with pytest.raises(PlatformError, match="refuses AUTH"):
        await anext(stream)
