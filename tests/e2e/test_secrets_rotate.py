"""Every secret of a copy is changed while people write: nothing is lost, and the old ones are refused."""

import asyncio
import hashlib
import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
import redis.asyncio

from copies import Copy, open_folder
from xiong.operations.secrets.names import ROTATED

pytestmark = pytest.mark.long

TOKEN = "a token of an application of the users' own"
DEADLINE_S = 90


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """A copy that `init` prepared, with an application that is not ours."""
    made = Copy(open_folder())
    secrets = made.state / "secrets"
    secrets.mkdir(parents=True)
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    entry = {"application": "clinic", "scopes": ["chat"], "sha256": digest}
    (secrets / "applications.json").write_text(json.dumps([entry]))
    try:
        prepared = made.xiong("init", "--yes").json["secrets"]
        words = {name: (secrets / name).read_text() for name in prepared}
        made.up()
        assert words == {name: (secrets / name).read_text() for name in ROTATED}
        yield made
    finally:
        made.remove()


def kept(copy: Copy) -> dict[str, str]:
    names = (*ROTATED, "DATABASE_URL", "REDIS_URL")
    return {name: (copy.state / "secrets" / name).read_text() for name in names}


@asynccontextmanager
async def people_writing(copy: Copy):
    """Messages all through the body, on kept and on new connections; each must get a real reply."""
    bad: list[str] = []
    sent = 0

    async def write(number: int, keep: int) -> None:
        nonlocal sent
        limits = httpx.Limits(max_keepalive_connections=keep)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(
            base_url=copy.url, headers=headers, timeout=30, trust_env=False, limits=limits
        ) as client:
            while True:
                body = {"person": uuid.uuid4().hex, "message": "晚上睡不著怎麼辦？"}
                try:
                    answer = await client.post("/api/v1/chat", json=body)
                except httpx.HTTPError as error:
                    bad.append(repr(error))
                    continue
                sent += 1
                if answer.status_code != 200 or answer.json()["source"] == "safe":
                    bad.append(f"{answer.status_code} {answer.text[:80]}")
                await asyncio.sleep(0.03)

    tasks = [asyncio.create_task(write(number, number % 2)) for number in range(4)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert sent > 50
    assert bad == []


async def refused(old: dict[str, str], copy: Copy) -> list[str]:
    """Which of the old secrets nobody takes any more."""
    found = []
    for role in ("superuser", "owner", "backup", "monitor", "app"):
        user = "postgres" if role == "superuser" else f"xiongichat_{role}"
        port = int(old["DATABASE_URL"].rpartition(":")[2].partition("/")[0])
        try:
            password = old[f"database-{role}"]
            await (
                await asyncpg.connect(f"postgresql://{user}:{password}@127.0.0.1:{port}/xiongichat")
            ).close()
        except asyncpg.InvalidPasswordError:
            found.append(f"database-{role}")
    client = redis.asyncio.Redis.from_url(old["REDIS_URL"])
    try:
        await client.ping()
    except redis.exceptions.AuthenticationError:
        found.append("cache")
    finally:
        await client.aclose()
    doors = {"operator-token": "/api/v1/pages", "care-token": f"/api/v1/pages/{uuid.uuid4()}/case"}
    for name, path in doors.items():
        headers = {"Authorization": f"Bearer {old[name]}"}
        call = httpx.get if name == "operator-token" else httpx.post
        if call(f"{copy.url}{path}", headers=headers, trust_env=False).status_code == 401:
            found.append(name)
    return found


def kill_at(copy: Copy, step: str) -> None:
    """Starts a rotation of everything and kills it once that step is done and the next has begun."""
    record = copy.state / "records" / "state" / "rotation.json"
    rotating = copy.begin("secrets", "rotate")
    end = time.monotonic() + DEADLINE_S
    with rotating:
        while time.monotonic() < end:
            assert rotating.poll() is None, rotating.communicate()
            if record.is_file() and step in json.loads(record.read_bytes())["done"]:
                os.kill(rotating.pid, signal.SIGKILL)
                rotating.communicate()
                return
    raise AssertionError(f"the rotation did not reach {step}")


async def test_all_secrets_change_while_people_write_and_the_old_ones_are_refused(copy: Copy):
    old = kept(copy)

    async with people_writing(copy):
        done = await asyncio.to_thread(copy.xiong, "secrets", "rotate")

    assert done.json["rotated"] == list(ROTATED)
    (receipt,) = done.json["receipts"]
    assert receipt["outcome"] == "committed"
    assert receipt["probe"]["sent"] > 50
    assert (receipt["probe"]["failed"], receipt["probe"]["safe"]) == (0, 0)
    new = kept(copy)
    assert not [name for name in old if old[name] == new[name]]
    assert await refused(old, copy) == [name for name in ROTATED if name != "secret-key"]
    assert await refused(new, copy) == []
    assert copy.xiong("status").json["healthy"]
    assert copy.xiong("history").json["receipts"][0]["verb"] == "secrets rotate"
    for secret in (*old.values(), *new.values()):
        assert secret not in done.out + done.err


@pytest.mark.parametrize("step", ["tokens", "roll 1", "database-app"])
async def test_one_that_was_killed_loses_nothing_and_the_next_call_ends_it(copy: Copy, step: str):
    old = kept(copy)

    async with people_writing(copy):
        await asyncio.to_thread(kill_at, copy, step)
        await asyncio.to_thread(restart_a_replica, copy)
        done = await asyncio.to_thread(copy.xiong, "secrets", "rotate")

    assert done.json["finished"] == list(ROTATED)
    assert done.json["rotated"] == []
    assert done.json["receipts"][0]["outcome"] == "interrupted, then finished"
    assert done.json["receipts"][0]["probe"]["failed"] == 0
    assert await refused(old, copy) == [name for name in ROTATED if name != "secret-key"]
    assert copy.xiong("status").json["healthy"]
    assert not list((copy.state / "secrets").glob("*.next"))


def restart_a_replica(copy: Copy) -> None:
    """As the healer might: it comes back with whatever the files say at that moment."""
    replica = next(i for i in copy.instances("api") if i.state.value == "ready")
    asyncio.run(copy.platform().restart(replica.name))


def test_a_dry_run_says_the_steps_and_changes_nothing(copy: Copy):
    old = kept(copy)

    planned = copy.xiong("secrets", "rotate", "cache", "--dry-run").json

    assert planned["steps"][0] == "the cache takes a second password"
    assert kept(copy) == old


def test_a_name_that_is_none_is_a_wrong_call(copy: Copy):
    assert "no secret database" in copy.xiong("secrets", "rotate", "database", expect=2).err
