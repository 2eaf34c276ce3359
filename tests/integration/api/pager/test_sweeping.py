"""The nightly deletion: when it comes, what it takes, and that it comes again when the database was away."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from api.database.engine import Database, make_engine
from api.keeping import Policy
from api.logs import make_log
from api.pager.sweeping import Sweep, next_night
from api.settings import Settings
from servers import Postgres

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_it_comes_at_half_past_three_in_taipei() -> None:
    assert next_night(NOW) == datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
    assert next_night(datetime(2026, 11, 24, 19, 30, tzinfo=UTC)) == datetime(
        2026, 11, 25, 19, 30, tzinfo=UTC
    )


async def test_what_is_too_old_goes_once_the_database_is_back(
    database: Any, whole_postgres: Postgres, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(database.admin_url)
    for days in (1, 400):
        await connection.execute(
            "INSERT INTO conversations VALUES (gen_random_uuid(), 'web', $1, false, $2)",
            f"p-{days}",
            NOW - timedelta(days=days),
        )
    await connection.close()
    away = Database(make_engine(database.url, 1))
    sweep = Sweep(away, Policy(365), tmp_path, lambda: NOW, make_log(Settings(), io.BytesIO()))
    whole_postgres.stop()
    assert not await sweep.sweep()
    await away.close()
    whole_postgres.start()
    back = Database(make_engine(database.url, 1))
    assert await Sweep(back, Policy(365), tmp_path, lambda: NOW, make_log(Settings(), io.BytesIO())).sweep()
    await back.close()
    connection = await asyncpg.connect(database.admin_url)
    left = await connection.fetch("SELECT person FROM conversations")
    await connection.close()
    assert [row["person"] for row in left] == ["p-1"]
