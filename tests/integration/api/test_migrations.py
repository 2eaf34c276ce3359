"""Migrations as a release runs them: by command, many at once, expand before contract."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pgvector.sqlalchemy import Vector
from sqlalchemy import Connection, inspect

import api
from api.database.engine import make_engine
from api.database.migrator import LOCK_KEY
from api.database.revisions import shipped
from api.database.schema import applied_revisions
from api.database.tables import metadata
from api.pages.tables import metadata as pages_metadata
from servers import eventually

SHIPPED = [revision.name for revision in shipped()]
SOURCE = Path(api.__file__).parents[1]
COLUMN = """
from alembic import op
import sqlalchemy as sa
revision = "0900"
phase = "expand"
def upgrade():
    op.add_column("conversations", sa.Column("note", sa.Text(), nullable=True))
"""
INDEX = """
from alembic import op
revision = "0901"
phase = "expand"
transactional = False
def upgrade():
    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS notes ON conversations (note)")
"""
CONTRACT = """
from alembic import op
revision = "0902"
phase = "contract"
def upgrade():
    op.drop_column("conversations", "note")
"""
BROKEN = """
from alembic import op
revision = "0900"
phase = "expand"
def upgrade():
    op.execute("CREATE TABLE half (id int)")
    op.execute("SELECT 1 / 0")
"""


def _environment(url: str, source: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PYTHONPATH": str(source)}


async def _migrate(url: str, *arguments: str, source: Path = SOURCE) -> tuple[int, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.migrate", *arguments,
        env=_environment(url, source), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert output, errors.decode()
    assert process.returncode is not None
    return process.returncode, json.loads(output)


@pytest.fixture
def extended(tmp_path: Path) -> Path:
    """A copy of the source with three more revisions dropped in."""
    source = tmp_path / "src"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__", "xiong"))
    versions = source / "api" / "database" / "migrations" / "versions"
    for name, text in (("0900_note", COLUMN), ("0901_notes", INDEX), ("0902_no_note", CONTRACT)):
        (versions / f"{name}.py").write_text(text)
    return source


async def test_a_new_database_is_brought_up_and_a_second_run_does_nothing(empty_database: Any) -> None:
    url = empty_database.owner_url
    code, before = await _migrate(url, "status")
    assert (code, before["expand"]) == (0, [])
    assert before["pending_expand"] == SHIPPED
    assert await _migrate(url, "upgrade") == (
        0,
        {
            "applied": SHIPPED,
            "expand": SHIPPED,
            "contract": [],
            "pending_expand": [],
            "pending_contract": [],
        },
    )
    code, second = await _migrate(url, "upgrade")
    assert (code, second["applied"]) == (0, [])


async def test_three_runs_at_once_all_succeed_and_apply_once(empty_database: Any, extended: Path) -> None:
    results = await asyncio.gather(
        *(_migrate(empty_database.owner_url, "upgrade", source=extended) for _ in range(3))
    )
    assert [code for code, _ in results] == [0, 0, 0]
    applied = [name for _, result in results for name in result["applied"]]
    assert sorted(applied) == [*SHIPPED, "0900", "0901"]
    assert {tuple(result["expand"]) for _, result in results} == {(*SHIPPED, "0900", "0901")}


async def test_contract_runs_only_when_asked_for(empty_database: Any, extended: Path) -> None:
    url = empty_database.owner_url
    _, expanded = await _migrate(url, "upgrade", source=extended)
    assert expanded["pending_contract"] == ["0902"]
    code, contracted = await _migrate(url, "upgrade", "--phase", "contract", source=extended)
    assert (code, contracted["applied"], contracted["contract"]) == (0, ["0902"], ["0902"])


async def test_a_failed_revision_leaves_nothing_behind(empty_database: Any, extended: Path) -> None:
    versions = extended / "api" / "database" / "migrations" / "versions"
    (versions / "0900_note.py").write_text(BROKEN)
    url = empty_database.owner_url
    code, result = await _migrate(url, "upgrade", source=extended)
    assert code == 1
    assert "division by zero" in result["error"]
    _, status = await _migrate(url, "status", source=extended)
    assert status["expand"] == SHIPPED
    connection = await asyncpg.connect(empty_database.admin_url)
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    await connection.close()


async def test_a_run_that_cannot_get_its_turn_says_so(empty_database: Any) -> None:
    connection = await asyncpg.connect(empty_database.owner_url)
    await connection.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
    code, result = await _migrate(empty_database.owner_url, "upgrade", "--wait", "0.3")
    await connection.close()
    assert code == 5
    assert "another run" in result["error"]


async def test_a_table_in_use_is_waited_for(database: Any, extended: Path) -> None:
    holder = await asyncpg.connect(database.admin_url)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE conversations IN ACCESS SHARE MODE")
    run = asyncio.create_task(_migrate(database.owner_url, "upgrade", source=extended))

    async def gave_way() -> bool:
        # the waiting ALTER shows up, and goes away again when its lock_timeout ends
        watcher = await asyncpg.connect(database.admin_url)
        waiting = await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
        await watcher.close()
        return bool(waiting)

    await eventually(gave_way, "the migration waits for the table")
    await transaction.rollback()
    await holder.close()
    code, result = await run
    assert (code, result["applied"]) == (0, ["0900", "0901"])


async def test_describe_and_lint_need_no_database(extended: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    assert await _migrate(url, "describe", source=extended) == (
        0,
        {
            "requires": [*SHIPPED, "0900", "0901"],
            "knows": [*SHIPPED, "0900", "0901", "0902"],
            "contract": ["0902"],
        },
    )
    assert await _migrate(url, "lint", source=extended) == (0, {"findings": []})
    code, result = await _migrate(url, "status", source=extended)
    assert code == 1
    assert result["error"]


async def test_the_tables_in_the_code_are_the_tables_in_the_database(database: Any) -> None:
    def look(connection: Connection) -> dict[str, dict[str, tuple[str, bool]]]:
        found = inspect(connection)
        return {
            table: {
                column["name"]: (str(column["type"].compile(connection.dialect)), column["nullable"])
                for column in found.get_columns(table)
            }
            for table in found.get_table_names()
        }

    engine = make_engine(database.admin_url, 1)
    async with engine.connect() as connection:
        real = await connection.run_sync(look)
        expected = {
            table.name: {
                column.name: (str(column.type.compile(connection.dialect)), bool(column.nullable))
                for column in table.columns
            }
            for table in [*metadata.tables.values(), *pages_metadata.tables.values()]
        }
        await connection.rollback()
        assert await applied_revisions(connection) == dict.fromkeys(SHIPPED, "expand")
    await engine.dispose()
    assert Vector is not None
    assert real == expected


async def test_the_app_may_change_rows_and_nothing_else(database: Any) -> None:
    connection = await asyncpg.connect(database.url)
    await connection.execute("DELETE FROM risk_events")
    for statement in ("DROP TABLE messages", "CREATE TABLE mine (id int)", "TRUNCATE messages"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()
