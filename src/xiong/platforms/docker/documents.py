"""Releases as records, and the references they are asked for by; for platforms whose releases are images."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from xiong.errors import ReleaseNotFoundError
from xiong.model.release import Release, SchemaSupport
from xiong.platforms.records import RecordStore

KIND = "images"
BY_DIGEST = re.compile(r"^\S+@sha256:[0-9a-f]{64}$")
"""`registry/name@sha256:…`: the only reference to an image that cannot come to mean another one."""


async def every(records: RecordStore) -> list[Release]:
    """What was staged, oldest first."""
    documents = [await records.read(KIND, name) for name in await records.names(KIND)]
    found = [from_document(document) for document in documents if document]
    return sorted(found, key=lambda r: (r.created_at, r.id))


async def document_of(records: RecordStore, release_id: str) -> dict[str, Any]:
    """The record of one release.

    Raises:
        ReleaseNotFoundError: it is not staged.
    """
    document = await records.read(KIND, release_id)
    if document is None:
        raise ReleaseNotFoundError(f"no release {release_id} is staged here", hint="xiong releases")
    return document


def to_document(release: Release, **more: str) -> dict[str, Any]:
    """A release as JSON takes it, and what the platform remembers with it."""
    return {**asdict(release), "created_at": release.created_at.isoformat(), **more}


def from_document(document: Mapping[str, Any]) -> Release:
    """What `to_document` wrote."""
    schema = SchemaSupport(**{name: tuple(words) for name, words in document["schema"].items()})
    return Release(
        id=document["id"],
        version=document["version"],
        digest=document["digest"],
        created_at=datetime.fromisoformat(document["created_at"]),
        schema=schema,
        source=document["source"],
    )


def described(printed: str | bytes) -> SchemaSupport:
    """What `python -m api.migrate describe` printed."""
    told = orjson.loads(printed)
    return SchemaSupport(tuple(told["requires"]), tuple(told["knows"]))
