"""One place where sets and the write-ahead log lie: under which keys, and what is believed of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from xiong.config.settings import Settings
from xiong.errors import UsageError, XiongError
from xiong.model.backup import FORMAT, Manifest, StoredObject, Verification, WalSegment
from xiong.model.documents import from_document, to_document
from xiong.operations.backup.keys import Keys
from xiong.platforms.base import Platform
from xiong.tools import signing
from xiong.tools.object_store import NotThereError, ObjectFact, ObjectStore, open_store
from xiong.tools.signing import SignatureError

SETS, WAL = "sets", "wal"
_MANIFEST, _VERIFIED, _SEALED = "manifest.json", "verified.json", ".zst.age"


class DamagedError(XiongError):
    """An object of a repository is not as it was written."""


class BackupNotFoundError(UsageError):
    """No such set is in any repository."""


@dataclass(frozen=True)
class Unreadable:
    """A manifest that is not believed.

    Attributes:
        backup: id of its set.
        why: in words.
    """

    backup: str
    why: str


class Repository:
    """What lies at one URL."""

    def __init__(self, store: ObjectStore, keys: Keys) -> None:
        self.store = store
        self._keys = keys

    @property
    def url(self) -> str:
        return self.store.url

    def shares_disk(self, data: Path) -> bool:
        """Whether it lies on the disk of the live data, and would be lost with it."""
        if self.store.folder is None:
            return False
        folders = (Path(self.store.folder), data)
        there = [next(one for one in (path, *path.parents) if one.exists()) for path in folders]
        return there[0].stat().st_dev == there[1].stat().st_dev

    @staticmethod
    def key(backup: str, name: str) -> str:
        """Where an object of a set lies."""
        return f"{SETS}/{backup}/{name}{_SEALED}"

    async def ids(self) -> list[str]:
        """Of whole sets, newest first."""
        found = await self.store.list(f"{SETS}/")
        suffix = f"/{_MANIFEST}"
        return sorted((one.key.split("/")[1] for one in found if one.key.endswith(suffix)), reverse=True)

    async def manifests(self) -> tuple[list[Manifest], list[Unreadable]]:
        """All that are believed, newest first, and those that are not."""
        good: list[Manifest] = []
        bad: list[Unreadable] = []
        for backup in await self.ids():
            try:
                good.append(await self.manifest(backup))
            except XiongError as error:
                bad.append(Unreadable(backup, error.message))
        return sorted(good, key=lambda one: one.begun_at, reverse=True), bad

    async def manifest(self, backup: str) -> Manifest:
        """One set's.

        Raises:
            NotThereError: there is no such set.
            DamagedError: it is not as somebody wrote it whom this copy trusts.
        """
        key = f"{SETS}/{backup}/{_MANIFEST}"
        document = await self._believed(key, "manifest")
        if document.get("format") != FORMAT:
            raise DamagedError(f"{key} has format {document.get('format')}, this release reads {FORMAT}")
        made = from_document(Manifest, document)
        if made.id != backup:
            raise DamagedError(f"{key} belongs to the set {made.id}")
        return made

    async def write_manifest(self, manifest: Manifest) -> None:
        """Last of all: from now on the set exists.

        Raises:
            AlreadyThereError: a set of that id does.
        """
        await self.store.settle()
        content = self._signed("manifest", to_document(manifest))
        await self.store.put(f"{SETS}/{manifest.id}/{_MANIFEST}", content, create=True)
        await self.store.settle()

    async def verification(self, backup: str) -> Verification | None:
        """The newest verification of a set that is believed."""
        try:
            found = await self._believed(f"{SETS}/{backup}/{_VERIFIED}", "verification")
        except (NotThereError, DamagedError):
            return None
        return from_document(Verification, found)

    async def write_verification(self, verification: Verification) -> None:
        """Replaces the one before."""
        content = self._signed("verification", to_document(verification))
        await self.store.put(f"{SETS}/{verification.backup}/{_VERIFIED}", content)

    def object_stream(self, backup: str, stored: StoredObject) -> AsyncIterator[bytes]:
        """The sealed bytes of an object; it ends with an error where they are not those that were written."""
        return self._checked(self.key(backup, stored.name), stored.stored_bytes, stored.stored_sha256)

    async def delete_set(self, backup: str) -> None:
        """The manifest first, so that half a deletion leaves no set."""
        found = [one.key for one in await self.store.list(f"{SETS}/{backup}/")]
        first = f"{SETS}/{backup}/{_MANIFEST}"
        await self.store.delete([first, *(key for key in found if key != first)])
        await self.store.sweep(await self.store.staged(f"{SETS}/{backup}"))

    async def leftovers(self) -> dict[str, list[ObjectFact]]:
        """Objects of sets that have no manifest: somebody died while writing them."""
        whole = set(await self.ids())
        found: dict[str, list[ObjectFact]] = {}
        for one in (*await self.store.list(f"{SETS}/"), *await self.store.staged(SETS)):
            backup = one.key.split("/")[1]
            if backup not in whole:
                found.setdefault(backup, []).append(one)
        return found

    async def wal(self, system_id: str, name: str = "") -> list[WalSegment]:
        """What is there of a cluster's log, or of one segment of it, by name and offset."""
        below = f"{WAL}/{system_id}/{name}/" if name else f"{WAL}/{system_id}/"
        found = [_segment(one) for one in await self.store.list(below)]
        return sorted((one for one in found if one), key=lambda one: (one.name, one.first, -one.plain_bytes))

    @staticmethod
    def segment_key(
        system_id: str, name: str, first: int, size: int, stored_sha256: str, *, whole: bool
    ) -> str:
        """Where a piece of the log lies; the key says what it is, so that no manifest is needed."""
        mark = "w" if whole else "p"
        return f"{WAL}/{system_id}/{name}/{first:08x}-{size:08x}-{mark}-{stored_sha256}{_SEALED}"

    def segment_stream(self, segment: WalSegment) -> AsyncIterator[bytes]:
        """Its sealed bytes, checked like an object's."""
        return self._checked(segment.key, None, segment.stored_sha256)

    async def _checked(self, key: str, size: int | None, sha256: str) -> AsyncIterator[bytes]:
        digest, seen = hashlib.sha256(), 0
        async for chunk in self.store.get_stream(key):
            seen += len(chunk)
            hashing = asyncio.create_task(asyncio.to_thread(digest.update, chunk))
            yield chunk
            await hashing
        if size is not None and seen != size:
            raise DamagedError(f"{key} has {seen} bytes, expected {size}")
        if digest.hexdigest() != sha256:
            raise DamagedError(
                f"{key} is damaged: sha256 {digest.hexdigest()[:16]}…, expected {sha256[:16]}…"
            )

    def _signed(self, name: str, document: Any) -> bytes:
        return _as_text(name, document, signing.sign(self._keys.signing, document))

    async def _believed(self, key: str, name: str) -> dict[str, Any]:
        try:
            content = await self.store.get(key)
            found = orjson.loads(content)
            document: dict[str, Any] = found[name]
            signing.check(self._keys.trusted, document, found["signature"])
            if content != _as_text(name, document, found["signature"]):
                raise DamagedError(f"{key} is damaged: some of its bytes are not as they were written")
        except SignatureError as error:
            raise DamagedError(f"{key} is not believed: {error.message}") from error
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise DamagedError(f"{key} is damaged: it is no signed document") from error
        return document


def _as_text(name: str, document: Any, signature: Any) -> bytes:
    return orjson.dumps({name: document, "signature": signature}, option=orjson.OPT_INDENT_2)


def _segment(one: ObjectFact) -> WalSegment | None:
    """None for what somebody else put there."""
    parts = one.key.split("/")
    words = parts[-1].removesuffix(_SEALED).split("-")
    if len(parts) != 4 or len(words) != 4 or words[2] not in {"w", "p"}:
        return None
    try:
        first, size = int(words[0], 16), int(words[1], 16)
    except ValueError:
        return None
    return WalSegment(parts[2], first, size, words[2] == "w", words[3], one.key)


async def repositories_of(platform: Platform, settings: Settings, keys: Keys) -> list[Repository]:
    """All of them, as set, or the one beside the data."""
    urls = settings.backup.repositories or (await platform.stores.default_repository(),)
    return [Repository(open_store(url), keys) for url in urls]
