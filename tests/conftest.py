"""Fixtures for all tests: one PostgreSQL and one Valkey per test process, a fresh database per test."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from servers import (
    APP,
    OWNER,
    Postgres,
    Valkey,
    drop_database,
    make_database,
    postgres_server,
    valkey_server,
)

# A shell that runs us in the background has us ignore Ctrl-C, and every process of ours inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter, config) -> None:
    """Says what was not run, and for want of what."""
    asked = config.option.markexpr
    absent = {
        "compose": "no Docker engine",
        "kubernetes": "no cluster",
        "elastic": "no Elasticsearch, no regex engine of Logstash",
    }.get(asked, "")
    count = len(terminalreporter.stats.get("skipped", []))
    if absent and terminalreporter.stats.get("passed"):
        absent = "each says below what it asked for"  # the engine or the cluster itself is there
    if absent and count:
        terminalreporter.write_line(f"{count} not run: {absent}")


@dataclass(frozen=True)
class TestDatabase:
    """A database of one test.

    Attributes:
        url: for the service, which may only read and write rows.
        owner_url: for migrations.
        admin_url: for looking and for doing harm.
    """

    __test__ = False

    server: Postgres
    name: str

    @property
    def url(self) -> str:
        return self.server.url(self.name, APP)

    @property
    def owner_url(self) -> str:
        return self.server.url(self.name, OWNER)

    @property
    def admin_url(self) -> str:
        return self.server.url(self.name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; a test that stops it starts it again."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """A Valkey server; a test that stops it starts it again."""
    with valkey_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a database with all expand revisions applied, for copying."""
    from api.database.migrator import Migrator, migration_engine
    from api.database.revisions import shipped

    async def make() -> None:
        await make_database(postgres, "migrated")
        engine = migration_engine(postgres.url("migrated", OWNER))
        try:
            await Migrator(engine, shipped()).upgrade("expand")
        finally:
            await engine.dispose()

    asyncio.run(make())
    return "migrated"


@pytest.fixture
def database(postgres: Postgres, migrated_template: str) -> Iterator[TestDatabase]:
    """A migrated database of this test's own."""
    yield from _database(postgres, migrated_template)


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[TestDatabase]:
    """A database as the operations tool makes it, before any migration."""
    yield from _database(postgres, None)


def _database(postgres: Postgres, template: str | None) -> Iterator[TestDatabase]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    asyncio.run(make_database(postgres, name, template))
    try:
        yield TestDatabase(postgres, name)
    finally:
        asyncio.run(drop_database(postgres, name))
