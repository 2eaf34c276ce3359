"""A replica inside the test, on a fresh database, and a way to look into that database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from replicas import Inner, inner_replica, settings_for

Rows = Callable[..., Awaitable[list[Any]]]


@pytest.fixture
async def replica(database: Any, valkey: Any, tmp_path: Path) -> AsyncIterator[Inner]:
    """A replica inside the test with scripted verdicts and replies."""
    settings = settings_for(database.url, valkey.url, tmp_path / "spool")
    async with inner_replica(settings) as inner:
        yield inner


@pytest.fixture
def rows(database: Any) -> Rows:
    """Runs a query as the administrator."""

    async def query(sql: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(database.admin_url)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    return query
