"""The numbers of the data stores, from a real PostgreSQL and a real Valkey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.active_users import ActiveUsers
from api.vitals import memory_limit
from replicas import REHEARSAL_TOKEN, Inner, inner_replica, settings_for
from servers import Postgres, Valkey, eventually

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


async def _values(replica: Inner) -> dict[tuple[str, ...], float]:
    answer = await replica.client.get("/metrics")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_every_replica_shows_the_same_people_of_the_last_minutes(
    database: Any, valkey: Valkey, tmp_path: Path
) -> None:
    async with Redis.from_url(valkey.url) as cache:
        await cache.flushdb()
    settings = settings_for(database.url, valkey.url, tmp_path)
    async with inner_replica(settings) as one, inner_replica(settings) as other:
        for number in range(5):
            await one.say("你好", person=f"vitals-{number}")
            await other.say("你好", person=f"vitals-{number}")
        headers = {"Authorization": f"Bearer {REHEARSAL_TOKEN}", "X-Synthetic": "1"}
        body = {"person": "vitals-probe", "message": "你好"}
        await one.client.post("/api/v1/chat", json=body, headers=headers)
        for replica in (one, other, one):
            await replica.service.vitals.look()
        seen = [await _values(replica) for replica in (one, other)]
        for window in ("5m", "1h", "24h"):
            assert [values["xiongichat_active_users", window] for values in seen] == [5, 5]


async def test_people_leave_the_window_they_wrote_in(valkey: Valkey) -> None:
    cache = Redis.from_url(valkey.url)
    await cache.flushdb()
    users = ActiveUsers(cache)
    users.seen("web", "somebody")
    await users.flush(NOW)
    assert await users.count(NOW) == {"5m": 1, "1h": 1, "24h": 1}
    assert await users.count(NOW + timedelta(minutes=6)) == {"5m": 0, "1h": 1, "24h": 1}
    assert await users.count(NOW + timedelta(hours=2)) == {"5m": 0, "1h": 0, "24h": 1}
    assert await users.count(NOW + timedelta(hours=25)) == {"5m": 0, "1h": 0, "24h": 0}
    await cache.aclose()


async def test_who_wrote_while_the_cache_was_away_is_counted_afterwards(valkey: Valkey) -> None:
    cache = Redis.from_url(valkey.url, socket_timeout=0.1)
    await cache.flushdb()
    users = ActiveUsers(cache)
    users.seen("web", "somebody")
    valkey.freeze()
    try:
        with pytest.raises((RedisError, OSError)):
            await users.flush(NOW)
    finally:
        valkey.thaw()
    await users.flush(NOW)
    assert (await users.count(NOW))["5m"] == 1
    await cache.aclose()


async def test_the_numbers_of_the_server_are_there_and_go_when_they_are_stale(
    replica: Inner, postgres: Postgres, rows: Any
) -> None:
    await replica.say("你好")
    await replica.service.vitals.look()
    values = await _values(replica)
    (row,) = await rows("SELECT pg_database_size(current_database()) AS size")
    assert values["xiongichat_database_size_bytes",] > 0.5 * row["size"]
    assert 1 <= values["xiongichat_database_connections",] < values["xiongichat_database_connections_limit",]
    assert values["xiongichat_database_pool_size",] == 5
    assert values["xiongichat_cache_memory_bytes",] > 0

    async def counted() -> bool:
        await replica.service.vitals.look()
        found = await _values(replica)
        return found["xiongichat_database_tuples_total", "inserted"] > 0

    await eventually(counted, "the server has counted the rows")


def test_a_memory_limit_is_read_where_there_is_one(tmp_path: Path) -> None:
    limited, free, huge = (tmp_path / name for name in ("limited", "free", "huge"))
    limited.write_text("536870912\n")
    free.write_text("max\n")
    huge.write_text("9223372036854771712\n")
    assert memory_limit((tmp_path / "absent", limited)) == 536870912
    assert memory_limit((free,)) == 0
    assert memory_limit((huge,)) == 0
    assert memory_limit((tmp_path / "absent",)) == 0
