"""The knowledge base in PostgreSQL: loads the shipped entries with their vectors, and searches them.

Used by the responder through the `Knowledge` protocol, and by `python -m api.knowledge sync`.
Offline vectors are always kept beside those of the configured embedder: they answer until every entry
has a vector of the configured one, and whenever that embedder cannot be reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pgvector.sqlalchemy import Vector
from sqlalchemy import Float, Select, bindparam, case, delete, exists, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from api.database.tables import EMBEDDING_DIMENSIONS, knowledge
from api.knowledge.embedders import (
    OFFLINE,
    QUESTION_CHARACTERS,
    Embedder,
    EmbeddingError,
    OfflineEmbedder,
    offline_vector,
)
from api.knowledge.entry import Entry, shipped_entries
from api.replies.model import Passage
from redaction import redact

PAUSE_S = 30.0
"""How long an embedder that failed is left alone; offline vectors answer meanwhile."""

_SYNC_LOCK = 0x6B6E6F77


@dataclass(frozen=True)
class SyncResult:
    """What a sync did.

    Attributes:
        embedder: the configured one.
        entries: how many are shipped.
        embedded: vectors made now, by embedder.
        deleted: rows removed, since their entry is gone or reads differently now.
        complete: whether search may use the configured embedder.
        reason: why it is not complete.
    """

    embedder: str
    entries: int
    embedded: dict[str, int]
    deleted: int
    complete: bool
    reason: str | None = None


class KnowledgeStore:
    """Search and sync over the table `knowledge`."""

    def __init__(
        self,
        engine: AsyncEngine,
        embedder: Embedder,
        entries: Sequence[Entry] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._embedder = embedder
        self._entries = tuple(shipped_entries() if entries is None else entries)
        self._clock = clock
        self._paused_until = 0.0

    async def search(self, question: str, limit: int = 3) -> list[Passage]:
        """The passages nearest to the question, in one query; raises when the database is away."""
        statement = search_statement(
            offline_vector(question[:QUESTION_CHARACTERS]),
            await self._own_vector(question),
            self._embedder.name,
            limit,
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return [Passage(row.id, row.title, row.body, row.source, float(row.score)) for row in rows]

    async def sync(self) -> SyncResult:
        """Brings the table to the shipped entries; idempotent. Offline vectors come first."""
        made: dict[str, int] = {}
        deleted = 0
        reason = None
        for embedder in (OfflineEmbedder(), self._embedder):
            if embedder.name in made:
                continue
            try:
                made[embedder.name], gone = await self._sync_one(embedder)
                deleted += gone
            except EmbeddingError as error:
                reason = str(error)
        return SyncResult(self._embedder.name, len(self._entries), made, deleted, reason is None, reason)

    async def _own_vector(self, question: str) -> list[float] | None:
        if self._embedder.name == OFFLINE or self._clock() < self._paused_until:
            return None
        # redacted before it is clipped: a number that is cut in two is none any more, and half would be sent
        clipped = redact(question)[:QUESTION_CHARACTERS]
        try:
            return (await self._embedder.embed([clipped]))[0]
        except EmbeddingError:
            self._paused_until = self._clock() + PAUSE_S
            return None

    async def _sync_one(self, embedder: Embedder) -> tuple[int, int]:
        missing = await self._missing(embedder.name)
        # embedded outside the transaction: a slow endpoint must not hold its lock
        vectors = await embedder.embed([entry.searchable for entry in missing]) if missing else []
        async with self._engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_SYNC_LOCK)))
            deleted = await self._delete_stale(connection)
            rows = [
                _row(entry, embedder.name, vector) for entry, vector in zip(missing, vectors, strict=True)
            ]
            if rows:
                await connection.execute(_upsert(), rows)
        return len(rows), deleted

    async def _missing(self, embedder: str) -> list[Entry]:
        query = select(knowledge.c.id, knowledge.c.content_sha256).where(knowledge.c.embedder == embedder)
        async with self._engine.connect() as connection:
            present = {(row.id, row.content_sha256) for row in await connection.execute(query)}
        return [entry for entry in self._entries if (entry.id, entry.content_sha256) not in present]

    async def _delete_stale(self, connection: AsyncConnection) -> int:
        """Deletes rows of no shipped entry; another embedder's fresh ones stay, ready for a rollback."""
        fresh = [(entry.id, entry.content_sha256) for entry in self._entries]
        stale = tuple_(knowledge.c.id, knowledge.c.content_sha256).not_in(fresh)
        return (await connection.execute(delete(knowledge).where(stale))).rowcount


def search_statement(
    offline: list[float], own: list[float] | None, embedder: str, limit: int
) -> Select[tuple[str, str, str, str, float]]:
    """One statement that decides on the embedder and compares only its vectors, in one snapshot.

    The rows of one embedder are few, so this scans them: it is exact, where a nearest-neighbour index that
    filters by embedder afterwards could come back short.
    """
    near_offline = knowledge.c.embedding.cosine_distance(_vector("offline", offline))
    wanted: ColumnElement[str]
    if own is None:
        distance, wanted = near_offline, literal(OFFLINE)
    else:
        complete = _complete(embedder)
        near_own = knowledge.c.embedding.cosine_distance(_vector("own", own))
        distance = case((complete, near_own), else_=near_offline)
        wanted = case((complete, literal(embedder)), else_=literal(OFFLINE))
    score = (literal(1.0, Float) - distance).label("score")
    return (
        select(knowledge.c.id, knowledge.c.title, knowledge.c.body, knowledge.c.source, score)
        .where(knowledge.c.embedder == wanted)
        .order_by(score.desc(), knowledge.c.id)
        .limit(limit)
    )


def _complete(embedder: str) -> ColumnElement[bool]:
    """True when each entry that has an offline vector has one of `embedder` for the very same content."""
    every, mine = knowledge.alias("every"), knowledge.alias("mine")
    matching = exists().where(
        mine.c.id == every.c.id,
        mine.c.content_sha256 == every.c.content_sha256,
        mine.c.embedder == embedder,
    )
    lacking = exists().where(every.c.embedder == OFFLINE, ~matching)
    return ~lacking


def _vector(name: str, value: list[float]) -> ColumnElement[list[float]]:
    return bindparam(name, value, type_=Vector(EMBEDDING_DIMENSIONS))


def _row(entry: Entry, embedder: str, vector: list[float]) -> dict[str, object]:
    return {
        "id": entry.id,
        "embedder": embedder,
        "title": entry.title,
        "body": entry.text,
        "source": entry.source,
        "content_sha256": entry.content_sha256,
        "embedding": vector,
    }


def _upsert() -> Insert:
    statement = insert(knowledge)
    changed = {
        name: statement.excluded[name] for name in ("title", "body", "source", "content_sha256", "embedding")
    }
    return statement.on_conflict_do_update(index_elements=["id", "embedder"], set_=changed)
