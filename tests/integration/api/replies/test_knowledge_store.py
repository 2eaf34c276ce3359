"""The knowledge store on a real PostgreSQL with pgvector: search, sync, and vectors that never mix."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.database.engine import async_url, make_engine
from api.knowledge.embedders import DIMENSIONS, OFFLINE, EmbeddingError, OfflineEmbedder
from api.knowledge.entry import Entry, shipped_entries
from api.knowledge.memory import MemoryKnowledge
from api.knowledge.store import KnowledgeStore
from api.replies.breaker import Breaker
from api.replies.lookup import Lookup

ENTRIES = shipped_entries()
QUESTION = "美沙冬要喝多久"
Rows = Callable[..., Awaitable[list[Any]]]


class Favourite:
    """An embedder that finds one entry nearest to whatever is asked."""

    def __init__(self, name: str, favourite: str) -> None:
        self.name = name
        self.texts: list[str] = []
        self.away = False
        self._nearest = next(entry.searchable for entry in ENTRIES if entry.id == favourite)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.away:
            raise EmbeddingError("away")
        self.texts += texts
        known = {entry.searchable: index for index, entry in enumerate(ENTRIES)}
        return [self._vector(text, known) for text in texts]

    def _vector(self, text: str, known: dict[str, int]) -> list[float]:
        # axis 0 is what is asked for; every other entry leans away from it on an axis of its own
        vector = [0.0] * DIMENSIONS
        vector[0] = 1.0
        if text in known and text != self._nearest:
            vector[1 + known[text]] = 2.0
        return vector


@pytest.fixture
async def engine(database: Any) -> AsyncIterator[AsyncEngine]:
    # not the limits of the chat path: a busy machine must not look like a lost database
    engine = create_async_engine(async_url(database.url))
    yield engine
    await engine.dispose()


@pytest.fixture
def offline(engine: AsyncEngine) -> KnowledgeStore:
    return KnowledgeStore(engine, OfflineEmbedder())


async def best(store: KnowledgeStore) -> str:
    return (await store.search(QUESTION, 1))[0].id


async def test_a_sync_loads_every_entry_once(offline: KnowledgeStore, rows: Rows) -> None:
    first = await offline.sync()
    assert (first.embedded, first.deleted, first.complete) == ({OFFLINE: len(ENTRIES)}, 0, True)
    again = await offline.sync()
    assert (again.embedded, again.deleted, again.complete) == ({OFFLINE: 0}, 0, True)
    stored = await rows("SELECT id, title, body, source, content_sha256 FROM knowledge ORDER BY id")
    expected = sorted((e.id, e.title, e.text, e.source, e.content_sha256) for e in ENTRIES)
    assert [tuple(row) for row in stored] == expected


async def test_the_database_finds_what_memory_finds(offline: KnowledgeStore) -> None:
    await offline.sync()
    memory = MemoryKnowledge()
    for question in (QUESTION, "昨天又吸了", "I can't sleep", "高雄哪裡可以找心理師"):
        found, expected = await offline.search(question, 5), await memory.search(question, 5)
        assert [passage.id for passage in found] == [passage.id for passage in expected]
        assert [p.score for p in found] == pytest.approx([p.score for p in expected], abs=1e-6)
        assert [p.text for p in found] == [p.text for p in expected]


async def test_a_question_without_words_is_no_error(offline: KnowledgeStore) -> None:
    await offline.sync()
    assert len(await offline.search("？！", 3)) <= 3


async def test_an_empty_table_finds_nothing(offline: KnowledgeStore) -> None:
    assert await offline.search(QUESTION) == []


async def test_a_new_embedder_is_used_from_the_moment_all_entries_have_its_vectors(
    engine: AsyncEngine, offline: KnowledgeStore, rows: Rows
) -> None:
    await offline.sync()
    store = KnowledgeStore(engine, Favourite("new-1", "sleep"))
    assert await best(store) == "methadone"
    result = await store.sync()
    assert result.embedded == {OFFLINE: 0, "new-1": len(ENTRIES)}
    assert await best(store) == "sleep"
    await rows("DELETE FROM knowledge WHERE embedder = 'new-1' AND id = 'lonely'")
    assert await best(store) == "methadone"
    assert (await store.sync()).embedded == {OFFLINE: 0, "new-1": 1}
    assert await best(store) == "sleep"


async def test_a_search_never_mixes_vectors_of_two_embedders(
    engine: AsyncEngine, offline: KnowledgeStore, rows: Rows
) -> None:
    for embedder in (OfflineEmbedder(), Favourite("old-1", "anger"), Favourite("new-1", "sleep")):
        await KnowledgeStore(engine, embedder).sync()
    await rows("UPDATE knowledge SET body = embedder")
    everything = len(ENTRIES) * 3
    for name, embedder in (
        (OFFLINE, OfflineEmbedder()),
        ("old-1", Favourite("old-1", "anger")),
        ("new-1", Favourite("new-1", "sleep")),
        (OFFLINE, Favourite("never-synced", "sleep")),
    ):
        found = await KnowledgeStore(engine, embedder).search(QUESTION, everything)
        assert {passage.text for passage in found} == {name}
        assert len(found) == len(ENTRIES)


async def test_a_changed_entry_is_embedded_again_and_no_other(engine: AsyncEngine, rows: Rows) -> None:
    await KnowledgeStore(engine, Favourite("new-1", "sleep")).sync()
    changed = _with_text("lonely", "換過的內容。")
    embedder = Favourite("new-1", "sleep")
    result = await KnowledgeStore(engine, embedder, changed).sync()
    assert (result.embedded, result.deleted) == ({OFFLINE: 1, "new-1": 1}, 2)
    assert len(embedder.texts) == 1
    stored = await rows("SELECT embedder, body FROM knowledge WHERE id = 'lonely' ORDER BY embedder")
    assert [tuple(row) for row in stored] == [("new-1", "換過的內容。"), (OFFLINE, "換過的內容。")]


async def test_a_vector_of_other_content_counts_as_missing(engine: AsyncEngine, rows: Rows) -> None:
    store = KnowledgeStore(engine, Favourite("new-1", "sleep"))
    await store.sync()
    await rows("UPDATE knowledge SET content_sha256 = 'old' WHERE embedder = 'new-1' AND id = 'lonely'")
    assert await best(store) == "methadone"


async def test_an_entry_that_is_shipped_no_more_is_deleted(
    engine: AsyncEngine, offline: KnowledgeStore
) -> None:
    await offline.sync()
    fewer = KnowledgeStore(engine, OfflineEmbedder(), [e for e in ENTRIES if e.id != "methadone"])
    assert (await fewer.sync()).deleted == 1
    assert await best(offline) != "methadone"


async def test_an_embedder_that_is_away_leaves_offline_search_ready(engine: AsyncEngine) -> None:
    embedder = Favourite("new-1", "sleep")
    embedder.away = True
    store = KnowledgeStore(engine, embedder)
    result = await store.sync()
    assert (result.embedded, result.complete, result.reason) == ({OFFLINE: len(ENTRIES)}, False, "away")
    assert await best(store) == "methadone"


async def test_after_a_changed_entry_and_a_failed_embedding_the_offline_vectors_answer(
    engine: AsyncEngine,
) -> None:
    embedder = Favourite("new-1", "sleep")
    await KnowledgeStore(engine, embedder).sync()
    embedder.away = True
    store = KnowledgeStore(engine, embedder, _with_text("lonely", "換過的內容。"))
    assert not (await store.sync()).complete
    embedder.away = False
    assert await best(store) == "methadone"


async def test_an_embedder_that_fails_in_a_search_is_left_alone_for_a_while(engine: AsyncEngine) -> None:
    now = 0.0
    embedder = Favourite("new-1", "sleep")
    store = KnowledgeStore(engine, embedder, clock=lambda: now)
    await store.sync()
    embedder.away = True
    assert await best(store) == "methadone"
    embedder.away = False
    assert await best(store) == "methadone"
    now = 30.0
    assert await best(store) == "sleep"


async def test_two_syncs_at_once_end_in_one_knowledge_base(engine: AsyncEngine, rows: Rows) -> None:
    stores = [KnowledgeStore(engine, Favourite("new-1", "sleep")) for _ in range(3)]
    await asyncio.gather(*(store.sync() for store in stores))
    counted = await rows("SELECT embedder, count(*) FROM knowledge GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in counted] == [("new-1", len(ENTRIES)), (OFFLINE, len(ENTRIES))]


async def test_answers_survive_a_lost_database() -> None:
    engine = make_engine("postgresql://nobody:x@127.0.0.1:1/nothing", 1)
    store = KnowledgeStore(engine, OfflineEmbedder())
    with pytest.raises(OSError):
        await store.search(QUESTION)
    lookup = Lookup(store, MemoryKnowledge(), Breaker())
    assert (await lookup.search(QUESTION))[0].id == "methadone"
    await engine.dispose()


def _with_text(name: str, text: str) -> list[Entry]:
    return [dataclasses.replace(entry, text=text) if entry.id == name else entry for entry in ENTRIES]
