"""What is sealed opens with any one of its keys, and never when a byte of it was changed."""

import hashlib
import os
from collections.abc import AsyncIterator

import pytest

from xiong.config.secrets import Secret
from xiong.errors import ConfigurationError
from xiong.tools import age
from xiong.tools.sealing import SealError, Sealing, seal_bytes, unseal

MIB = 1 << 20


async def stream(content: bytes, size: int = MIB) -> AsyncIterator[bytes]:
    for first in range(0, len(content), size):
        yield content[first : first + size]


async def opened(sealed: bytes, *identities: Secret) -> bytes:
    return b"".join([chunk async for chunk in unseal(stream(sealed), identities)])


@pytest.fixture(scope="module")
def keys() -> list[Secret]:
    return [age.new_identity(), age.new_identity()]


@pytest.fixture(scope="module")
def recipients(keys: list[Secret]) -> list[str]:
    return [age.recipient_of(key) for key in keys]


@pytest.mark.parametrize("size", [0, 1, 65536, 5 * MIB + 17])
async def test_a_stream_comes_back_as_it_was(size, keys, recipients):
    content = os.urandom(size)
    sealing = Sealing(recipients, 3)
    sealed = b"".join([chunk async for chunk in sealing.stream(stream(content))])
    assert await opened(sealed, keys[0]) == content
    assert content[:64] not in sealed or size == 0 or size == 1
    made = sealing.result
    assert (made.plain_bytes, made.plain_sha256) == (size, hashlib.sha256(content).hexdigest())
    assert (made.stored_bytes, made.stored_sha256) == (len(sealed), hashlib.sha256(sealed).hexdigest())


async def test_what_shrinks_much_does_not_come_back_in_one_piece(keys, recipients):
    """Rows of a table, which take a twentieth of their size: opened they must not fill the memory."""
    content = b"".join(b"%d\t%d\t0\t%84s\n" % (row, row % 7, b"") for row in range(300_000))
    sealing = Sealing(recipients, 3)
    sealed = b"".join([chunk async for chunk in sealing.stream(stream(content))])
    chunks = [chunk async for chunk in unseal(stream(sealed), keys[:1])]
    assert b"".join(chunks) == content
    assert max(len(chunk) for chunk in chunks) < 8 * MIB < len(content) // 3


async def test_either_key_alone_opens_it(keys, recipients):
    sealed, _ = seal_bytes(b"words", recipients, 3)
    for key in keys:
        assert await opened(sealed, key) == b"words"


async def test_another_key_does_not_open_it_and_that_is_said(recipients):
    sealed, _ = seal_bytes(b"words", recipients, 3)
    with pytest.raises(SealError, match="none of our keys"):
        await opened(sealed, age.new_identity())


async def test_no_byte_can_be_changed_unseen(keys, recipients):
    """Version line, both stanzas, header code, nonce, body and tail: every single byte of a small object."""
    sealed, _ = seal_bytes(b"words of nobody", recipients, 3)
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 0x01
        with pytest.raises(SealError):
            await opened(bytes(damaged), keys[0])


@pytest.mark.parametrize("left", [0, 10, 200, 4 * MIB, -1])
async def test_an_end_that_is_missing_is_seen(left, keys, recipients):
    sealed, _ = seal_bytes(os.urandom(5 * MIB), recipients, 3)
    with pytest.raises(SealError):
        await opened(sealed[:left], keys[0])


async def test_a_source_that_breaks_off_breaks_the_sealing(recipients):
    async def breaking() -> AsyncIterator[bytes]:
        yield os.urandom(3 * MIB)
        raise OSError("the tool died")

    with pytest.raises(OSError, match="the tool died"):
        async for _ in Sealing(recipients, 3).stream(breaking()):
            pass


async def test_a_taker_that_goes_away_ends_every_stage(recipients):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield os.urandom(MIB)

    chunks = Sealing(recipients, 3).stream(endless())
    await anext(chunks)
    await chunks.aclose()
    seen = taken
    assert seen < 64  # bounded queues: no more is read than a few chunks ahead
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)
    assert taken == seen


def test_what_is_no_key_is_refused():
    with pytest.raises(ConfigurationError, match="no public age key"):
        Sealing(["age1nonsense"], 3)
    with pytest.raises(ConfigurationError, match="damaged"):
        age.private(Secret("AGE-SECRET-KEY-1NONSENSE"))


async def test_a_fault_found_behind_the_last_byte_is_heard_too(keys, recipients):
    """A repository compares hashes when all has been read: that must not come too late."""
    for size in (0, 100, 65536, MIB):
        sealed, _ = seal_bytes(os.urandom(size), recipients, 3)

        async def suspicious(content: bytes = sealed) -> AsyncIterator[bytes]:
            yield content
            raise ValueError("another hash")

        with pytest.raises(ValueError, match="another hash"):
            async for _ in unseal(suspicious(), keys):
                pass


async def test_what_follows_a_sealed_object_is_seen(keys, recipients):
    sealed, _ = seal_bytes(b"words", recipients, 3)
    with pytest.raises(SealError):
        await opened(sealed + b"x", keys[0])
