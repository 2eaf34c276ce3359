"""A place for objects by key: a folder, S3, GCS or Azure, by obstore, which only this module knows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions
from obstore.store import LocalStore, from_url

from xiong.errors import ConfigurationError, XiongError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_CHUNK_BYTES = 4 << 20
_PART_BYTES = 16 << 20  # S3 takes none below 5 MiB and at most 10,000: objects up to 156 GiB
_PARTS_AT_ONCE = 4
_PATIENCE: ClientConfig = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(minutes=10)}
_ATTEMPTS: RetryConfig = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
}
_ALLOW_HTTP = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP")
_SCHEMES = ("file", "s3", "gs", "az", "abfs", "abfss", "memory")


class StorageError(XiongError):
    """A repository does not answer, or refuses."""

    retryable = True


class AlreadyThereError(StorageError):
    """An object of that key exists, and was to be made."""

    retryable = False


class NotThereError(StorageError):
    """There is no object of that key."""

    retryable = False


@dataclass(frozen=True)
class ObjectFact:
    """What a listing tells of an object."""

    key: str
    size: int
    modified_at: datetime


class ObjectStore:
    """One of them; made by `open_store`."""

    def __init__(self, url: str, store: obstore.store.ObjectStore) -> None:
        self.url = url
        self._store = store

    @property
    def folder(self) -> str | None:
        """Where it lies on this machine; None where it does not."""
        parts = urlsplit(self.url)
        return unquote(parts.path) if parts.scheme == "file" else None

    async def put(self, key: str, content: bytes, *, create: bool = False) -> None:
        """Writes a small object as a whole; with `create`, only where there is none.

        Raises:
            AlreadyThereError: there is one.
            StorageError: it is not written.
        """
        try:
            await obstore.put_async(self._store, key, content, mode="create" if create else "overwrite")
        except exceptions.AlreadyExistsError as error:
            raise AlreadyThereError(f"{self._named(key)} exists already") from error
        except _REFUSALS as error:
            raise self._failed("writing", key, error) from error

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Writes an object of any size; nothing stands under its key unless all of it was taken.

        Raises:
            StorageError: it is not written.
            Exception: whatever `chunks` raised.
        """
        try:
            await obstore.put_async(
                self._store, key, chunks, chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
            )
        except _REFUSALS as error:
            raise self._failed("writing", key, error) from error

    async def get(self, key: str) -> bytes:
        """A small object.

        Raises:
            NotThereError, StorageError
        """
        try:
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            raise NotThereError(f"{self._named(key)} is not there") from error
        except _REFUSALS as error:
            raise self._failed("reading", key, error) from error

    async def get_stream(self, key: str) -> AsyncIterator[bytes]:
        """An object of any size, in chunks.

        Raises:
            NotThereError, StorageError
        """
        chunks = self._streamed(key) if self.folder is None else self._read(key)
        try:
            async for chunk in chunks:
                yield chunk
        except FileNotFoundError as error:
            raise NotThereError(f"{self._named(key)} is not there") from error
        except _REFUSALS as error:
            raise self._failed("reading", key, error) from error

    async def _streamed(self, key: str) -> AsyncIterator[bytes]:
        found = await obstore.get_async(self._store, key)
        async for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
            yield bytes(chunk)

    async def _read(self, key: str) -> AsyncIterator[bytes]:
        """Of a folder in large pieces, the next one read ahead: as a stream the library takes 8 KiB each."""
        size = (await obstore.head_async(self._store, key))["size"]
        ends = [min(first + _CHUNK_BYTES, size) for first in range(0, size, _CHUNK_BYTES)]
        pieces = [(first, end) for first, end in zip([0, *ends], ends, strict=False)]
        ahead: asyncio.Task[bytes] | None = None
        try:
            for first, end in [*pieces, (size, size)]:
                behind, ahead = (
                    ahead,
                    asyncio.create_task(self._range(key, first, end)) if end > first else None,
                )
                if behind is not None:
                    yield await behind
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def _range(self, key: str, first: int, end: int) -> bytes:
        return bytes(await obstore.get_range_async(self._store, key, start=first, end=end))

    async def staged(self, prefix: str) -> list[ObjectFact]:
        """What a writer that died left of objects that it never finished, in a folder.

        Other stores keep unfinished uploads to themselves, and drop them by a rule of the bucket.
        """
        if self.folder is None:
            return []
        return await asyncio.to_thread(_staged, Path(self.folder), prefix)

    async def list(self, prefix: str) -> list[ObjectFact]:
        """All objects below a prefix, by key.

        Raises:
            StorageError: it cannot be listed.
        """
        try:
            found = [
                ObjectFact(str(one["path"]), int(one["size"]), one["last_modified"])
                async for page in obstore.list(self._store, prefix)
                for one in page
            ]
        except FileNotFoundError:
            return []
        except _REFUSALS as error:
            raise self._failed("listing", prefix, error) from error
        return sorted(found, key=lambda one: one.key)

    async def delete(self, keys: Sequence[str]) -> None:
        """Deletes objects; one that is not there is no error.

        Raises:
            StorageError: one stays.
        """
        together = [[key] for key in keys] if self.folder else [list(keys)] if keys else []
        for some in together:
            try:
                with suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, some)
            except _REFUSALS as error:
                raise self._failed("deleting", some[0], error) from error

    async def sweep(self, staged: Sequence[ObjectFact]) -> None:
        """Deletes such."""
        for one in staged:
            path = Path(self.folder or "/nowhere") / one.key
            await asyncio.to_thread(path.unlink, missing_ok=True)
            with suppress(OSError):  # others still lie there
                await asyncio.to_thread(path.parent.rmdir)

    async def settle(self) -> None:
        """Returns once what was written outlives a power cut; other machines look after that themselves."""
        if self.folder is not None:
            await asyncio.to_thread(os.sync)

    def _named(self, key: str) -> str:
        return f"{self.url}/{key}"

    def _failed(self, doing: str, key: str, error: Exception) -> StorageError:
        words = " ".join(str(error).split())[:300]
        return StorageError(
            f"{doing} {self._named(key)} failed: {words}", hint="xiong backup list   (shows which repository)"
        )


def _client() -> ClientConfig:
    """With options of our own the library no longer reads from the environment whether HTTP will do."""
    allowed = any(os.environ.get(name, "").lower() in {"1", "true"} for name in _ALLOW_HTTP)
    return {**_PATIENCE, "allow_http": allowed}


def _staged(folder: Path, prefix: str) -> list[ObjectFact]:
    """Files `KEY#1`, as the library names what it has not renamed to its key yet."""
    found = []
    for path in (folder / prefix).rglob("*#*"):
        if path.is_file() and path.name.rpartition("#")[2].isdigit():
            facts = path.stat()
            at = datetime.fromtimestamp(facts.st_mtime, UTC)
            found.append(ObjectFact(str(path.relative_to(folder)), facts.st_size, at))
    return found


_REFUSALS: tuple[type[Exception], ...] = (exceptions.BaseError, OSError)


def open_store(url: str) -> ObjectStore:
    """The store of a URL; credentials and endpoint come from the environment (`AWS_…`, `AZURE_…`).

    Raises:
        ConfigurationError: it is no such URL.
        StorageError: its folder cannot be made.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or parts.username or parts.password:
        raise ConfigurationError(
            f"backup.repositories: {parts.scheme or url[:20]!r} is no repository; expected file:///PATH, "
            "s3://BUCKET/PREFIX, gs://… or az://…, without credentials",
            hint="xiong.example.toml, section [backup]",
        )
    try:
        if parts.scheme == "file":
            return ObjectStore(
                url.rstrip("/"), LocalStore(unquote(parts.path), mkdir=True, automatic_cleanup=True)
            )
        away = from_url(url, client_options=_client(), retry_config=_ATTEMPTS)
        return ObjectStore(url.rstrip("/"), away)
    except (exceptions.BaseError, OSError, ValueError) as error:
        words = " ".join(str(error).split())[:300]
        raise StorageError(f"the repository {url} cannot be opened: {words}") from error
