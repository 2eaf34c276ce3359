"""Seals a stream on its way to a repository: sha256, zstd, age, sha256; and opens it again.

Nothing is written in clear, memory is bounded, and the stages run in threads of their own, since hashing,
compressing and encrypting let Python go on meanwhile. Used by `operations/backup` and `operations/restore`.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import pyrage
import zstandard

from xiong.config.secrets import Secret
from xiong.errors import XiongError
from xiong.tools import age
from xiong.tools.threads import AbandonedError, Conduit, Reader

_CHUNK_BYTES = 1 << 20
_EXPANDED_AT_ONCE = 32 << 10  # tables shrink to a hundredth: a whole chunk opened would fill the memory


class SealError(XiongError):
    """Something sealed cannot be opened: no key of ours fits, or it is damaged."""


@dataclass(frozen=True)
class Sealed:
    """What went through, before and after."""

    plain_bytes: int
    plain_sha256: str
    stored_bytes: int
    stored_sha256: str


class Sealing:
    """One stream that is sealed; `result` stands once it has ended."""

    def __init__(self, recipients: Sequence[str], level: int, threads: int = 2) -> None:
        """Nothing is read yet.

        Args:
            recipients: public age keys, any one of whose private keys opens it.
            level: of zstd.
            threads: that compress.

        Raises:
            ConfigurationError: a key is none.
        """
        self._recipients = [age.public(recipient) for recipient in recipients]
        self._level, self._threads = level, threads
        self._plain, self._stored = _Count(), _Count()

    @property
    def result(self) -> Sealed:
        """Sizes and hashes."""
        return Sealed(self._plain.bytes, self._plain.sha256, self._stored.bytes, self._stored.sha256)

    def stream(self, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The sealed chunks of what `source` yields."""
        return _through(source, (self._compress, self._encrypt))

    def _compress(self, inlet: Conduit, outlet: Conduit) -> None:
        compressor = zstandard.ZstdCompressor(level=self._level, threads=self._threads).compressobj()
        for chunk in inlet:
            self._plain.take(chunk)
            if packed := compressor.compress(chunk):
                outlet.put(packed)
        outlet.put(compressor.flush())

    def _encrypt(self, inlet: Conduit, outlet: Conduit) -> None:
        def take(chunk: bytes) -> None:
            self._stored.take(chunk)
            outlet.put(chunk)

        writer = _Writer(take)
        pyrage.encrypt_io(Reader(inlet), writer, self._recipients)
        writer.rest()


def seal_bytes(content: bytes, recipients: Sequence[str], level: int) -> tuple[bytes, Sealed]:
    """Something small as a whole; blocks."""
    packed = zstandard.ZstdCompressor(level=level).compress(content)
    stored = pyrage.encrypt(packed, [age.public(recipient) for recipient in recipients])
    plain_hash, stored_hash = (hashlib.sha256(part).hexdigest() for part in (content, stored))
    return stored, Sealed(len(content), plain_hash, len(stored), stored_hash)


def unseal(source: AsyncIterator[bytes], identities: Sequence[Secret]) -> AsyncIterator[bytes]:
    """The plain chunks of a sealed stream.

    Raises:
        SealError: no key fits, or a byte is not as it was; whatever was yielded before is not to be used.
    """
    keys = [age.private(identity) for identity in identities]

    def decrypt(inlet: Conduit, outlet: Conduit) -> None:
        writer = _Writer(outlet.put)
        try:
            pyrage.decrypt_io(Reader(inlet), writer, keys)
        except (pyrage.DecryptError, OSError, ValueError) as error:
            raise SealError(f"it cannot be opened: {_words(error)}") from error
        writer.rest()

    return _through(source, (decrypt, _expand))


def _expand(inlet: Conduit, outlet: Conduit) -> None:
    expander, writer = zstandard.ZstdDecompressor().decompressobj(), _Writer(outlet.put)
    try:
        for chunk in inlet:
            whole = memoryview(chunk)
            for first in range(0, len(whole), _EXPANDED_AT_ONCE):
                writer.write(expander.decompress(whole[first : first + _EXPANDED_AT_ONCE]))
    except zstandard.ZstdError as error:
        raise SealError("it cannot be opened: what was compressed is damaged") from error
    if not expander.eof:
        raise SealError("it cannot be opened: its end is missing")
    writer.rest()


def _words(error: Exception) -> str:
    text = str(error)
    return "none of our keys opens it" if "No matching keys" in text else f"it is damaged ({text})"


Stage = Callable[[Conduit, Conduit], None]


async def _through(source: AsyncIterator[bytes], stages: Sequence[Stage]) -> AsyncIterator[bytes]:
    """Each stage in its own thread; leaving the loop ends them all."""
    stop, loop = threading.Event(), asyncio.get_running_loop()
    pipes = [Conduit(stop) for _ in range(len(stages) + 1)]
    with ThreadPoolExecutor(len(stages) + 2, thread_name_prefix="seal") as pool:
        for stage, inlet, outlet in zip(stages, pipes, pipes[1:], strict=False):
            pool.submit(_run, stage, inlet, outlet)
        broken: list[Exception] = []
        feeding = asyncio.create_task(_feed(source, pipes[0], pool, broken))
        try:
            while (chunk := await loop.run_in_executor(pool, pipes[-1].get)) is not None:
                yield chunk
        except Exception as error:
            if broken and error is not broken[0]:
                raise broken[0] from error  # a library wraps it, and hides what it was
            raise
        finally:
            stop.set()
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


async def _feed(
    source: AsyncIterator[bytes], pipe: Conduit, pool: ThreadPoolExecutor, broken: list[Exception]
) -> None:
    loop = asyncio.get_running_loop()
    with suppress(AbandonedError):
        try:
            async for chunk in source:
                await loop.run_in_executor(pool, pipe.put, chunk)
        except Exception as error:  # told to whoever reads the other side
            broken.append(error)
            await loop.run_in_executor(pool, pipe.break_with, error)
            return
        await loop.run_in_executor(pool, pipe.end)


def _run(stage: Stage, inlet: Conduit, outlet: Conduit) -> None:
    with suppress(AbandonedError):
        try:
            stage(inlet, outlet)
            while inlet.get() is not None:
                pass  # a source that breaks off behind the last byte that the stage wanted is heard too
            outlet.end()
        except AbandonedError:
            raise
        except BaseException as error:  # raised again at the other end
            outlet.break_with(error)


class _Count:
    """Bytes and their hash."""

    def __init__(self) -> None:
        self.bytes = 0
        self._hash = hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        self.bytes += len(chunk)
        self._hash.update(chunk)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class _Writer:
    """The file that the library writes, handed on in larger pieces."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._pieces: list[bytes] = []
        self._held = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self._held += len(data)
        if self._held >= _CHUNK_BYTES:
            self.rest()
        return len(data)

    def flush(self) -> None:
        """What is held waits for more."""

    def rest(self) -> None:
        """Hands on what is held."""
        if self._held:
            self._take(b"".join(self._pieces))
            self._pieces.clear()
            self._held = 0
