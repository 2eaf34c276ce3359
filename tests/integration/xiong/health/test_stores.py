"""What real data stores say of themselves, well and ill."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import redis.asyncio

from servers import eventually, free_port
from xiong.config.secrets import Secret
from xiong.datastores import postgres_health
from xiong.datastores import valkey as store
from xiong.datastores.away import Away
from xiong.datastores.postgres_health import DatabaseFacts, Limits
from xiong.tools.clock import SystemClock

VECTOR = "array_fill(0.1::float4, ARRAY[{}])::vector"
SECONDS = 5.0


async def asked(url: str, *, idle: float = 0.0, long: float = 0.0, timeout: float = SECONDS) -> DatabaseFacts:
    """What the database says; each session counts as idle or at work from the first moment."""
    limits = Limits(idle, long, "offline-1", 1536)
    return await postgres_health.ask(Secret(url), limits, SystemClock(), timeout_seconds=timeout)


@asynccontextmanager
async def session(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        connection.terminate()


async def run(database, script: str) -> None:
    async with session(database.admin_url) as connection:
        await connection.execute(script)


async def entry(database, name: str, embedder: str = "offline-1", dimensions: int = 1536) -> None:
    values = f"'{name}', '{embedder}', 't', 'b', 's', 'x', {VECTOR.format(dimensions)}"
    await run(database, f"INSERT INTO knowledge VALUES ({values})")


async def test_a_database_that_is_well_tells_all_that_is_judged(database):
    await entry(database, "a")
    await entry(database, "b")

    facts = await asked(database.admin_url)

    assert (facts.idle, facts.long) == (0, 0)
    assert 0 <= facts.connections < facts.limit
    assert set(facts.revisions.values()) == {"expand"}
    assert "0001" in facts.revisions
    assert (facts.vectors.entries, facts.vectors.dimensions) == ({"offline-1": 2}, (1536,))
    assert (facts.vectors.found, facts.vectors.fault) == (True, "")
    assert abs(facts.ahead_seconds) < 1


async def test_a_session_that_holds_a_transaction_and_does_nothing_is_seen(database):
    async with session(database.url) as idle:
        await idle.execute("BEGIN; SELECT 1")

        async def seen() -> bool:
            facts = await asked(database.admin_url)
            return facts.idle == 1 and facts.longest_idle > 0 and facts.connections >= 1

        await eventually(seen, "the idle session")
        assert (await asked(database.admin_url, idle=3600)).idle == 0


async def test_a_transaction_at_work_is_long_and_not_idle(database):
    async with session(database.url) as busy:
        work = asyncio.create_task(busy.execute("SELECT pg_sleep(600)"))

        async def seen() -> bool:
            facts = await asked(database.admin_url)
            return (facts.idle, facts.long) == (0, 1) and facts.longest > 0

        await eventually(seen, "the long transaction")
        assert (await asked(database.admin_url, long=3600)).long == 0
        work.cancel()


@pytest.mark.parametrize("name", ["taken", "refused", "closed"])
async def test_why_a_database_gives_nothing_is_told_apart(database, name):
    role = f"{database.name}_{name}"
    await run(
        database, f"CREATE ROLE {role} LOGIN PASSWORD 'p' CONNECTION LIMIT {0 if name == 'taken' else 5}"
    )
    port = database.server.port if name != "closed" else free_port()
    word = "p" if name == "taken" else "wrong"

    away = await asked(f"postgresql://{role}:{word}@127.0.0.1:{port}/{database.name}")

    assert isinstance(away, Away)
    assert away.cause == {"taken": "connections", "refused": "failed", "closed": "down"}[name]
    await run(database, f"DROP ROLE {role}")


async def test_a_frozen_database_hangs_and_a_stopped_one_is_down(database):
    database.server.freeze()
    try:
        hung = await asked(database.admin_url, timeout=0.5)
    finally:
        database.server.thaw()
    database.server.stop()
    try:
        down = await asked(database.admin_url)
    finally:
        database.server.start()

    assert (hung.cause, down.cause) == ("hung", "down")
    assert isinstance(await asked(database.admin_url), DatabaseFacts)


async def test_vectors_of_another_dimension_are_seen_and_the_search_that_fails(database):
    await run(database, "ALTER TABLE knowledge ALTER COLUMN embedding TYPE vector")
    await entry(database, "a", dimensions=384)

    vectors = (await asked(database.admin_url)).vectors

    assert vectors.dimensions == (384,)
    assert (vectors.found, vectors.fault) == (False, "DataError")


async def test_vectors_of_another_embedder_are_not_found(database):
    await entry(database, "a", embedder="somebody-else")

    vectors = (await asked(database.admin_url)).vectors

    assert (vectors.entries, vectors.found) == ({"somebody-else": 1}, False)


async def test_a_database_without_tables_has_no_revisions_and_no_vectors(empty_database):
    facts = await asked(empty_database.admin_url)

    assert facts.revisions == {}
    assert (facts.vectors.entries, facts.vectors.fault) == ({}, "UndefinedTableError")


async def test_what_we_may_not_read_is_not_known(database):
    role = f"{database.name}_blind"
    await run(database, f"CREATE ROLE {role} LOGIN PASSWORD 'p'")

    facts = await asked(f"postgresql://{role}:p@127.0.0.1:{database.server.port}/{database.name}")

    assert (facts.revisions, facts.vectors) == (None, None)
    await run(database, f"DROP ROLE {role}")


async def ask_cache(url: str, timeout: float = SECONDS):
    return await store.ask(Secret(url), timeout_seconds=timeout)


async def keys(url: str) -> list[str]:
    client = redis.asyncio.Redis.from_url(url, decode_responses=True)
    try:
        return [key async for key in client.scan_iter("xiong:health*")]
    finally:
        await client.aclose()


async def test_a_cache_that_is_well_takes_a_key_and_keeps_none(valkey):
    facts = await ask_cache(valkey.url)

    assert (facts.write_fault, facts.append_only, facts.last_write_ok) == ("", True, True)
    assert facts.used_bytes > 0
    assert await keys(valkey.url) == []


async def test_a_cache_that_is_full_refuses_the_key(valkey):
    client = redis.asyncio.Redis.from_url(valkey.url)
    await client.config_set("maxmemory", "1")
    try:
        facts = await ask_cache(valkey.url)
    finally:
        await client.config_set("maxmemory", "0")
        await client.aclose()

    assert facts.out_of_memory
    assert (facts.limit_bytes, "memory limit" in facts.write_fault) == (1, True)


async def test_why_a_cache_gives_nothing_is_told_apart(valkey):
    refused = await ask_cache(valkey.url.replace(valkey.password, "wrong"))
    valkey.freeze()
    try:
        hung = await ask_cache(valkey.url, timeout=0.5)
    finally:
        valkey.thaw()
    valkey.stop()
    try:
        down = await ask_cache(valkey.url)
    finally:
        valkey.start()

    assert [away.cause for away in (refused, hung, down)] == ["failed", "hung", "down"]
    assert all(valkey.password not in away.why for away in (refused, hung, down))
