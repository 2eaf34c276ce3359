"""Opens what lies in a repository."""

from __future__ import annotations

from collections.abc import AsyncIterator

from xiong.model.backup import Manifest
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.repository import DamagedError, Repository
from xiong.tools.sealing import unseal

SMALL_BYTES = 64 << 20
"""What is read into memory at most."""


def open_object(repository: Repository, keys: Keys, manifest: Manifest, name: str) -> AsyncIterator[bytes]:
    """The plain bytes of an object, while they come.

    Raises:
        DamagedError: the set has no such object, or its bytes are not those that were written.
        SealError: none of our keys opens it.
    """
    stored = next((one for one in manifest.objects if one.name == name), None)
    if stored is None:
        raise DamagedError(
            f"the set {manifest.id} holds no {name}", hint=f"xiong backup verify {manifest.id}"
        )
    return unseal(repository.object_stream(manifest.id, stored), keys.identities)


async def read_object(repository: Repository, keys: Keys, manifest: Manifest, name: str) -> bytes:
    """A small one as a whole; see `open_object`."""
    content = bytearray()
    async for chunk in open_object(repository, keys, manifest, name):
        content += chunk
        if len(content) > SMALL_BYTES:
            raise DamagedError(f"{name} of the set {manifest.id} is larger than it can be")
    return bytes(content)
