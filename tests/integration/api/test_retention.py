"""What is old enough goes, and nothing else; a dry run foretells exactly that."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api import retention
from api.database.engine import Database, DatabaseAwayError, make_engine
from api.keeping import Policy
from api.retention import Counts, apply, foresee

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = Policy()


@pytest.fixture
async def store(database: Any) -> AsyncIterator[Database]:
    """The database as the pager has it."""
    made = Database(make_engine(database.url, 2))
    yield made
    await made.close()


@pytest.fixture
async def sql(database: Any) -> AsyncIterator[Any]:
    """A connection of the administrator."""
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


async def say(sql: Any, age_days: float, *, synthetic: bool = False, conversation: Any = None) -> uuid.UUID:
    """A message of that age with its reply two minutes later and its risk event; returns the conversation."""
    at, message = NOW - timedelta(days=age_days), uuid.uuid4()
    if conversation is None:
        conversation = uuid.uuid4()
        await sql.execute(
            "INSERT INTO conversations VALUES ($1, 'web', 'p-1', $2, $3)", conversation, synthetic, at
        )
    insert = (
        "INSERT INTO messages (id, conversation_id, role, content, reply_to, created_at)"
        " VALUES ($1, $2, $3, 'x', $4, $5)"
    )
    await sql.execute(insert, message, conversation, "person", None, at)
    await sql.execute(insert, uuid.uuid4(), conversation, "assistant", message, at + timedelta(minutes=2))
    await sql.execute(
        "INSERT INTO risk_events VALUES ($1, $2, 'LOW', '{suicide}', '{rule}', $3, $4)",
        uuid.uuid4(), message, synthetic, at,
    )  # fmt: skip
    return conversation  # type: ignore[no-any-return]


async def call(sql: Any, age_days: float, kind: str = "crisis", state: str = "acknowledged") -> None:
    """A page of that age with all that hangs on it."""
    at, page = NOW - timedelta(days=age_days), uuid.uuid4()
    await sql.execute(
        "INSERT INTO pages VALUES ($1, $2, 'web', 'p-1', 'HIGH', $3, $3, 1, $4, 0, 0, $3)",
        page, kind, at, state,
    )  # fmt: skip
    await sql.execute("INSERT INTO page_events VALUES ($1, $2, 'HIGH', $3)", uuid.uuid4(), page, at)
    await sql.execute(
        "INSERT INTO page_deliveries (id, page_id, round, step, contact, channel, state, attempts,"
        " created_at, due_at) VALUES ($1, $2, 0, 0, 'nurse-a', 'email', 'sent', 1, $3, $3)",
        uuid.uuid4(), page, at,
    )  # fmt: skip
    await care(sql, page, at)


async def care(sql: Any, page: uuid.UUID, at: datetime) -> None:
    """Somebody took the page over, looked at its case twice and said how it ended."""
    await sql.execute("INSERT INTO page_acknowledgements VALUES ($1, $2, 'nurse-a', 'link')", page, at)
    for _ in range(2):
        await sql.execute(
            "INSERT INTO page_views VALUES ($1, $2, $3, 'nurse-a', 'console')", uuid.uuid4(), page, at
        )
    await sql.execute(
        "INSERT INTO page_outcomes VALUES ($1, $2, 'reached', $3, 'nurse-a', 'console')",
        uuid.uuid4(), page, at,
    )  # fmt: skip


async def applied(store: Database) -> Counts:
    """What goes, which a dry run must have foretold."""
    async with store.engine.connect() as connection:
        foretold = await foresee(connection, POLICY, NOW)
    done = await apply(store, POLICY, NOW)
    assert done == foretold
    return done


async def test_messages_go_after_a_year_and_their_risk_events_stay(store: Database, sql: Any) -> None:
    old = await say(sql, 366)
    living = await say(sql, 400)
    await say(sql, 1, conversation=living)
    await say(sql, 364)
    done = await applied(store)
    assert asdict(done) == asdict(Counts(messages=4, conversations=1))
    assert await sql.fetchval("SELECT count(*) FROM conversations WHERE id = $1", old) == 0
    assert await sql.fetchval("SELECT count(*) FROM messages WHERE conversation_id = $1", living) == 2
    assert await sql.fetchval("SELECT count(*) FROM risk_events") == 4
    assert await sql.fetchval("SELECT count(*) FROM risk_events WHERE message_id IS NULL") == 2
    assert asdict(await applied(store)) == asdict(Counts())


async def test_a_message_on_the_edge_goes_with_its_reply(store: Database, sql: Any) -> None:
    await say(sql, 365 + 1 / 1440)
    assert (await applied(store)).messages == 2


async def test_rehearsals_go_after_a_week(store: Database, sql: Any) -> None:
    await say(sql, 8, synthetic=True)
    await say(sql, 6, synthetic=True)
    await say(sql, 8)
    await call(sql, 8, "canary")
    await call(sql, 6, "canary")
    await call(sql, 8, "canary", "open")
    done = await applied(store)
    assert done == Counts(
        messages=2, conversations=1, risk_events=1, pages=2, acknowledgements=2, views=4, outcomes=2
    )


async def test_the_audit_goes_after_three_years_but_an_open_page_stays(store: Database, sql: Any) -> None:
    for age in (3 * 365 + 2, 3 * 365 - 2):
        await say(sql, age)
        await call(sql, age)
        await call(sql, age, "crisis", "open")
        at = NOW - timedelta(days=age)
        await care(sql, uuid.uuid4(), at)
        await sql.execute("INSERT INTO erasures VALUES ($1, 'x', 'k', $2, 'b', 'r', '{}')", uuid.uuid4(), at)
    done = await applied(store)
    audit = {"risk_events": 1, "pages": 1, "acknowledgements": 2, "views": 4, "outcomes": 2, "erasures": 1}
    assert done == Counts(messages=4, conversations=2, **audit)
    assert await sql.fetchval("SELECT count(*) FROM pages WHERE state = 'open'") == 2
    assert await sql.fetchval("SELECT count(*) FROM page_deliveries") == 3


async def test_a_contact_goes_with_the_last_conversation_unless_it_is_newer(
    store: Database, sql: Any
) -> None:
    kept = "INSERT INTO case_contacts VALUES ('web', $1, 'unit 3', $2)"
    await say(sql, 400)
    await sql.execute(kept, "p-1", NOW - timedelta(days=390))
    await sql.execute(kept, "p-recent", NOW - timedelta(days=300))
    assert (await applied(store)).case_contacts == 1
    assert [row["person"] for row in await sql.fetch("SELECT person FROM case_contacts")] == ["p-recent"]
    await say(sql, 1)
    await sql.execute(kept, "p-1", NOW - timedelta(days=390))
    assert (await applied(store)).case_contacts == 0


async def test_many_rows_go_in_small_batches_and_two_runs_share_them(
    store: Database, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    for _ in range(60):
        await say(sql, 400)
    done = await asyncio.gather(*(apply(store, POLICY, NOW) for _ in range(2)))
    assert sum(counts.messages for counts in done) == 120
    assert await sql.fetchval("SELECT count(*) FROM messages") == 0
    assert asdict(await applied(store)) == asdict(Counts(conversations=0))


async def test_a_conversation_somebody_works_on_is_left_to_the_next_run(store: Database, sql: Any) -> None:
    conversation = await say(sql, 400)
    await sql.execute("UPDATE risk_events SET message_id = NULL")
    await sql.execute("DELETE FROM messages")
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute("SELECT 1 FROM conversations WHERE id = $1 FOR NO KEY UPDATE", conversation)
    assert (await apply(store, POLICY, NOW)).conversations == 0
    await transaction.rollback()
    assert (await apply(store, POLICY, NOW)).conversations == 1


async def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    gone = Database(make_engine("postgresql://x@127.0.0.1:1/x", 1))
    with pytest.raises(DatabaseAwayError):
        await apply(gone, POLICY, NOW)
    await gone.close()


async def command(url: str, folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Runs the command as a release does."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "SPOOL_DIR": str(folder),
        "RETENTION_DAYS": "30",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.retention", *arguments, env=environment, stdout=subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, json.loads(output)


async def test_the_command_obeys_the_setting_and_prints_its_counts(
    database: Any, sql: Any, tmp_path: Path
) -> None:
    days = (datetime.now(UTC) - NOW).days
    await say(sql, 31 - days)
    await say(sql, 29 - days)
    for name, age in (("old", 31), ("new", 29)):
        file = tmp_path / f"{name}.rejected"
        file.touch()
        then = (datetime.now(UTC) - timedelta(days=age)).timestamp()
        os.utime(file, (then, then))
    nothing = asdict(Counts())
    planned = {**nothing, "messages": 2, "conversations": 1}
    assert await command(database.url, tmp_path, "--dry-run") == (0, {**planned, "dry_run": True})
    done = await command(database.url, tmp_path)
    assert done == (0, {**planned, "put_aside": 1, "dry_run": False})
    assert [path.name for path in tmp_path.iterdir()] == ["new.rejected"]
    code, failed = await command("postgresql://x@127.0.0.1:1/x", tmp_path)
    assert (code, "error" in failed) == (1, True)
