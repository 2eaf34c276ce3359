"""Erased again after a restore, and the commands as a release runs them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.person.refusals import UnknownKeyError
from api.person.requests import Requests
from api.settings import Secret, Settings
from lives import KEY, OTHER, PERSON, asked, live
from replicas import Inner


async def test_a_restored_database_is_erased_again_and_a_new_life_stays(
    chat: Inner, requests: Requests, database: Any, rows: Any, tmp_path: Path
) -> None:
    await live(chat)
    await live(chat, OTHER)
    await requests.erase(asked(), dry_run=False)
    register = tmp_path / "erasures.json"
    register.write_text(json.dumps(await requests.erasures(), default=str))
    # a restore from a backup of before: the rows are there again, the register is not
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("DELETE FROM erasures")
    await connection.execute(
        "INSERT INTO conversations VALUES ($1, 'web', $2, false, now() - interval '1 day')",
        uuid.uuid4(),
        PERSON,
    )
    await connection.execute(
        "INSERT INTO messages (id, conversation_id, role, content, created_at) SELECT gen_random_uuid(), id,"
        " 'person', '撐不住了', now() - interval '1 day' FROM conversations WHERE person = $1",
        PERSON,
    )
    await connection.execute(
        "INSERT INTO case_contacts VALUES ('web', $1, 'unit 3', now() - interval '1 day')", PERSON
    )
    await connection.close()
    await chat.say("我是新的人", person=PERSON)

    done = await requests.reapply(register, [])

    assert (done["erasures"], done["people"], done["erased"]["messages"]) == (1, 1, 1)
    said = [row["content"] for row in await rows("SELECT content FROM messages WHERE role = 'person'")]
    assert "我是新的人" in said
    assert "撐不住了" not in said
    assert len(said) == 3
    assert [row["person"] for row in await rows("SELECT person FROM case_contacts")] == [OTHER]
    again = await requests.reapply(None, [])
    assert (again["erasures"], again["people"]) == (1, 0)


async def test_an_erasure_under_an_old_key_is_done_again_only_with_that_key(
    chat: Inner, requests: Requests, settings: Settings, rows: Any
) -> None:
    await live(chat)
    await requests.erase(asked(), dry_run=False)
    turned = Requests(replace(settings, secret_key=Secret("the next key")), requests.engine)
    with pytest.raises(UnknownKeyError):
        await turned.reapply(None, [])
    assert (await turned.reapply(None, [KEY]))["unknown_keys"] == 0


async def command(settings: Settings, *arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Runs the module as a task of a release does."""
    values = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.database_url.reveal(),
        "REDIS_URL": settings.redis_url.reveal(),
        "SECRET_KEY": KEY.reveal(),
        "SPOOL_DIR": str(settings.spool_dir),
        **environment,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "api.person", *arguments,
        env=values, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, json.loads(output or b"{}"), errors.decode()


async def test_the_commands_tell_the_truth_and_log_nobody(
    chat: Inner, settings: Settings, tmp_path: Path
) -> None:
    await live(chat)
    code, document, log = await command(settings, "export", PERSON)
    assert (code, len(document.get("messages", []))) == (0, 4), log
    words = ("erase", PERSON, "--by", "operator", "--reason", "asked for")
    code, done, more = await command(settings, *words)
    assert (code, done["erased"]["messages"]) == (0, 4)
    assert PERSON not in log + more
    code, refused, _ = await command(settings, "export", "p-nobody")
    assert (code, refused["kind"]) == (1, "unknown_person")
    code, register, _ = await command(settings, "export-erasures")
    (tmp_path / "register.json").write_text(json.dumps(register))
    code, again, _ = await command(settings, "reapply", "--from", str(tmp_path / "register.json"))
    assert (code, again["erasures"]) == (0, 1)
    (tmp_path / "register.json").write_text("[]")
    code, broken, _ = await command(settings, "reapply", "--from", str(tmp_path / "register.json"))
    assert (code, broken["kind"]) == (1, "failed")
    code, keyless, _ = await command(settings, *words, SECRET_KEY="")
    assert (code, keyless["kind"]) == (2, "settings")
    code, away, _ = await command(settings, *words, DATABASE_URL="postgresql://x@127.0.0.1:1/x")
    assert (code, away["kind"] in ("database", "failed")) == (1, True)
    code, _, usage = await command(settings, "erase", "not an id")
    assert (code, "no id of a person" in usage) == (2, True)
