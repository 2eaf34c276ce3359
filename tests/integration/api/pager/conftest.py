"""Both stores of pages, and a whole pager inside the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.engine import Database, make_engine
from api.pager.stores import LocalStore, SharedStore
from api.spool import Spool
from paging import Clock, Stage, stage
from servers import Postgres

Run = Callable[[Callable[[AsyncConnection], Awaitable[Any]]], Awaitable[Any]]


@pytest.fixture
def clock() -> Clock:
    """A time that stands still."""
    return Clock()


@pytest.fixture
async def shared(database: Any) -> AsyncIterator[SharedStore]:
    """PostgreSQL as the pager sees it."""
    store = SharedStore(Database(make_engine(database.url, 3)))
    yield store
    await store.close()


@pytest.fixture
async def local_store(tmp_path: Path) -> AsyncIterator[LocalStore]:
    """A SQLite file as the pager makes it."""
    store = LocalStore(tmp_path)
    await store.begin()
    yield store
    await store.close()


@pytest.fixture(params=["shared", "local_store"])
def store(request: pytest.FixtureRequest) -> Any:
    """Each of the two, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def paging(database: Any, tmp_path: Path, clock: Clock) -> AsyncIterator[Stage]:
    """A pager whose rounds the test starts."""
    async with stage(database.url, tmp_path, clock) as made:
        yield made


@pytest.fixture
def whole_postgres(postgres: Postgres) -> Iterator[Postgres]:
    """The server, running again when the test is over whatever the test did to it."""
    yield postgres
    if postgres.process is None:
        postgres.start()
    else:
        postgres.thaw()


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    """The spool of a replica."""
    made = Spool(tmp_path / "spool")
    yield made
    made.close()
