"""Records as ConfigMaps: one for each kind, one key for each document.

A merge patch of one key is atomic and needs no look before it, so that two writers of different documents
never meet.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Any

import orjson

from xiong.errors import PlatformError
from xiong.platforms.kubernetes.cluster import Cluster, ConflictError, MissingError, Object

_KIND = "ConfigMap"
_LIMIT_BYTES = 900_000
"""Of a ConfigMap's 1 MiB: https://kubernetes.io/docs/concepts/configuration/configmap/"""
_RING = "observations"
KINDS = (
    "backups",
    "console",
    "console-tokens",
    "contracts",
    "drill",
    "drills",
    "history",
    "images",
    "incidents",
    "notices",
    "observations",
    "person-requests",
    "recoveries",
    "recovery",
    "state",
)
"""What there is; a test compares them. `watch` may write these by name and make none."""
_LABELS = {"app.kubernetes.io/part-of": "xiongichat", "app.kubernetes.io/component": "records"}
_PLAIN = re.compile(r"[-.A-Za-z0-9]")


class ClusterRecords:
    """`RecordStore` in one namespace."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def prepare(self) -> None:
        """Makes what is not there yet, for those who may not make it."""
        there = {found["metadata"]["name"] for found in await self._cluster.list(_KIND, _LABELS)}
        for kind in KINDS:
            if map_name(kind) not in there:
                await self._begin(kind)

    async def read(self, kind: str, name: str) -> dict[str, Any] | None:
        packed = (await self._all(kind)).get(_key(name))
        return None if packed is None else _unpacked(packed, kind, name)

    async def write(self, kind: str, name: str, document: dict[str, Any]) -> None:
        packed = base64.b64encode(zlib.compress(orjson.dumps(document))).decode()
        there = await self._all(kind)
        changes: dict[str, str | None] = {_key(name): packed}
        changes |= dict.fromkeys(_surplus(kind, there, _key(name), _bytes(packed)))
        try:
            await self._cluster.patch(_KIND, map_name(kind), {"binaryData": changes})
        except MissingError:
            await self._begin(kind)
            await self._cluster.patch(_KIND, map_name(kind), {"binaryData": changes})

    async def names(self, kind: str) -> list[str]:
        return sorted(_name(key) for key in await self._all(kind))

    async def delete(self, kind: str, name: str) -> None:
        if _key(name) in await self._all(kind):
            await self._cluster.patch(_KIND, map_name(kind), {"binaryData": {_key(name): None}})

    async def _all(self, kind: str) -> dict[str, str]:
        found = await self._cluster.get(_KIND, map_name(kind))
        return (found or {}).get("binaryData") or {}

    async def _begin(self, kind: str) -> None:
        wanted: Object = {
            "apiVersion": "v1",
            "kind": _KIND,
            "metadata": {"name": map_name(kind), "labels": _LABELS},
        }
        try:
            await self._cluster.create(wanted)
        except ConflictError:
            return  # another one was first


def map_name(kind: str) -> str:
    """The ConfigMap that holds a kind."""
    return f"xiongichat-records-{kind}"


def _key(name: str) -> str:
    """A name as a key of a ConfigMap, whose alphabet is smaller."""
    return "".join(c if _PLAIN.match(c) else "".join(f"_{byte:02x}" for byte in c.encode()) for c in name)


def _name(key: str) -> str:
    return re.sub(r"(?:_[0-9a-f]{2})+", lambda m: bytes.fromhex(m[0].replace("_", "")).decode(), key)


def _surplus(kind: str, there: dict[str, str], key: str, size: int) -> list[str]:
    """The oldest keys that must go so that one more document has room.

    Raises:
        PlatformError: there is none to spare.
    """
    sizes = {other: _bytes(value) for other, value in there.items() if other != key}
    total, surplus = size + sum(sizes.values()), 0
    going: list[str] = []
    for oldest in sorted(sizes):
        if total - surplus <= _LIMIT_BYTES:
            break
        going.append(oldest)
        surplus += sizes[oldest]
    if (going and kind != _RING) or total - surplus > _LIMIT_BYTES:
        raise PlatformError(
            f"the records of kind {kind} are full: they would be {total} bytes, at most {_LIMIT_BYTES} fit",
            hint=f"kubectl get configmap {map_name(kind)} -o yaml   (save it, then delete its oldest keys)",
        )
    return going


def _bytes(packed: str) -> int:
    """What it counts for: the API server counts it unpacked from its letters."""
    return len(packed) * 3 // 4


def _unpacked(packed: str, kind: str, name: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = orjson.loads(zlib.decompress(base64.b64decode(packed)))
    except (binascii.Error, zlib.error, orjson.JSONDecodeError) as error:
        raise PlatformError(f"ConfigMap {map_name(kind)}: {name} is damaged: {error}") from error
    return document
