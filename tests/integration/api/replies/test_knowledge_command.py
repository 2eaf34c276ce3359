"""`python -m api.knowledge sync` as a deploy runs it: one JSON line, a truthful exit status, no secrets."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from api.knowledge.entry import shipped_entries

COUNT = len(shipped_entries())


async def run(*arguments: str, **environ: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.knowledge",
        *arguments,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode(), errors.decode()


async def test_a_sync_is_idempotent_and_prints_one_json_line(database: Any) -> None:
    status, output, errors = await run("sync", DATABASE_URL=database.url)
    assert (status, errors) == (0, "")
    assert output.count("\n") == 1
    assert json.loads(output) == {
        "embedder": "offline-1",
        "entries": COUNT,
        "embedded": {"offline-1": COUNT},
        "deleted": 0,
        "complete": True,
        "reason": None,
    }
    status, output, _ = await run("sync", DATABASE_URL=database.url)
    assert status == 0
    assert json.loads(output)["embedded"] == {"offline-1": 0}


async def test_an_endpoint_that_gives_no_vectors_does_not_fail_the_deploy(
    database: Any, endpoint: Any
) -> None:
    endpoint.will(endpoint.answers(500))
    status, output, errors = await run(
        "sync",
        DATABASE_URL=database.url,
        OPENAI_API_KEY="sk-test",
        OPENAI_BASE_URL=endpoint.url,
        OPENAI_EMBEDDINGS="1",
    )
    assert (status, errors) == (0, "")
    result = json.loads(output)
    assert (result["embedder"], result["complete"]) == ("text-embedding-3-small", False)
    assert result["embedded"] == {"offline-1": COUNT}


async def test_a_database_that_is_away_fails_without_naming_its_password() -> None:
    status, output, errors = await run("sync", DATABASE_URL="postgresql://u:geheim@127.0.0.1:1/x")
    assert (status, output) == (1, "")
    assert "could not be synced" in errors
    assert "geheim" not in errors


async def test_a_database_that_was_not_migrated_fails(empty_database: Any) -> None:
    status, output, errors = await run("sync", DATABASE_URL=empty_database.url)
    assert (status, output) == (1, "")
    assert errors.count("\n") == 1


async def test_wrong_usage_says_what_is_right() -> None:
    assert await run(DATABASE_URL="postgresql:///x") == (2, "", "usage: python -m api.knowledge sync\n")
    status, _, errors = await run("sync")
    assert status == 2
    assert "DATABASE_URL" in errors
