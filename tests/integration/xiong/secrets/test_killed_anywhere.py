"""A rotation is killed before each thing that it does to real stores; what the files name is always taken."""

import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio

from api.authentication import parse_tokens
from servers import Postgres, Valkey, postgres_binaries, postgres_server, valkey_server
from xiong.config.load import load_settings
from xiong.config.secrets import Secret
from xiong.datastores import postgres, postgres_logins, valkey_passwords
from xiong.datastores.postgres_tools import runner
from xiong.operations.secrets.changing import Changing
from xiong.operations.secrets.names import ROTATED, Step, steps
from xiong.operations.secrets.standing import Rotation
from xiong.platforms.local import services
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools.clock import SystemClock
from xiong.tools.store_access import StoreAccess

OLD = datetime(2020, 1, 1, tzinfo=UTC)


class KilledError(BaseException):
    """Stands for the end of the process: no code of ours may catch it."""


class NoReceiver:
    async def receive_log(self, progress) -> None:
        """There is none in this test."""


@dataclass
class Copy:
    """The secrets of one copy on two real servers; dies before a change when it is told to."""

    server: Postgres
    cache: Valkey
    layout: Layout
    dies_in: int = 10**6
    stores: NoReceiver = field(default_factory=NoReceiver)

    @property
    def kept(self) -> HostSecrets:
        return HostSecrets(self.layout.secrets)

    @property
    def ports(self) -> Ports:
        return Ports(1, self.server.port, self.cache.port, (2,), (3, 4), 5, 6, 7, 8)

    def change(self) -> None:
        self.dies_in -= 1
        if self.dies_in < 0:
            raise KilledError

    async def kept_secret(self, name):
        return self.kept.kept(name)

    async def secret(self, name):
        return self.kept.get(name)

    async def keep_secret(self, name, value):
        self.change()
        self.kept.keep(name, value)

    async def drop_secret(self, name):
        self.change()
        self.kept.drop(name)

    async def publish_secrets(self):
        self.change()
        services.publish(SETTINGS, self.layout, self.ports, self.kept)

    async def store_url(self, store):
        self.change()
        return self.kept.store_url(store, SETTINGS, self.ports.stores)

    async def run_store_tool(self, store, argv, stdin=b""):
        self.change()
        password = self.kept.get("database-superuser")
        access = StoreAccess(
            "127.0.0.1", self.server.port, "postgres", password, "postgres", postgres_binaries(), None
        )
        return await runner(access)(store, argv, stdin)


SETTINGS = load_settings(None, {})


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Postgres, Valkey]]:
    with postgres_server() as database, valkey_server() as cache:
        yield database, cache


@pytest.fixture
async def copy(servers, tmp_path: Path) -> AsyncIterator[Copy]:
    made = Copy(*servers, Layout(tmp_path, tmp_path))
    made.layout.make()
    first = {"database-superuser": Secret(made.server.password), "cache": Secret(made.cache.password)}
    for name in ROTATED:
        made.kept.keep(name, first.get(name) or made.kept.get(name))
    passwords = {role: made.kept.get(f"database-{role}") for role in postgres.ROLES}
    await postgres.provision(made.run_store_tool, passwords)
    services.publish(SETTINGS, made.layout, made.ports, made.kept)
    yield made
    # The next test meets the servers as they were made.
    await postgres_logins.set_password(made.run_store_tool, "CURRENT_USER", first["database-superuser"])
    await valkey_passwords.take_only(await made.store_url("valkey"), [first["cache"]])


def read(copy: Copy, name: str) -> str:
    return (copy.layout.secrets / name).read_text()


async def opens(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    await connection.close()
    return True


async def takes(url: str) -> bool:
    client = redis.asyncio.Redis.from_url(url)
    try:
        return bool(await client.ping())
    except redis.exceptions.AuthenticationError:
        return False
    finally:
        await client.aclose()


async def assert_that_a_replica_could_start(copy: Copy) -> None:
    """With what the files name, whenever the supervisor restarts it; also the cache, with its file."""
    assert await opens(read(copy, "DATABASE_URL"))
    assert await takes(read(copy, "REDIS_URL"))
    assert hashlib.sha256(read(copy, "cache").encode()).hexdigest() in read(copy, "valkey.conf")
    tokens = {entry.digest for entry in parse_tokens(read(copy, "API_TOKENS"))}
    assert hashlib.sha256(read(copy, "operator-token").encode()).digest() in tokens


async def rotate(copy: Copy, done: list[str]) -> None:
    """All steps that are not done; a roll is nothing here, and a step is noted once it is done."""
    changing = Changing(copy, SystemClock(), lambda line: None)
    rotation = Rotation(ROTATED, OLD, "a test")
    for step in steps(ROTATED):
        if step.value not in done:
            if step not in {Step.FIRST_ROLL, Step.SECOND_ROLL}:
                await changing.carry_out(step, rotation)
            done.append(step.value)


@pytest.mark.long
async def test_whatever_it_was_about_to_do_when_it_was_killed_the_next_call_ends_it(copy: Copy):
    deaths = 0
    while True:
        old = {name: copy.kept.get(name).reveal() for name in ROTATED}
        old_urls = read(copy, "DATABASE_URL"), read(copy, "REDIS_URL")
        done: list[str] = []
        copy.dies_in = deaths
        try:
            await rotate(copy, done)
        except KilledError:
            copy.dies_in = 10**6
            await assert_that_a_replica_could_start(copy)
            services.publish(SETTINGS, copy.layout, copy.ports, copy.kept)  # as any task of the service does
            await assert_that_a_replica_could_start(copy)
            await rotate(copy, done)
        else:
            break
        finally:
            copy.dies_in = 10**6
        await assert_that_a_replica_could_start(copy)
        assert not [name for name in ROTATED if copy.kept.get(name).reveal() == old[name]]
        assert not await opens(old_urls[0])
        assert not await takes(old_urls[1])
        assert not list(copy.layout.secrets.glob("*.next")) + list(copy.layout.secrets.glob("*.old"))
        deaths += 1
    assert deaths > 40


async def test_both_passwords_and_both_tokens_are_taken_between_the_rolls(copy: Copy):
    before = read(copy, "DATABASE_URL"), read(copy, "REDIS_URL"), read(copy, "operator-token")
    changing = Changing(copy, SystemClock(), lambda line: None)

    for step in (Step.BRIDGE, Step.CACHE, Step.TOKENS, Step.ANNOUNCE):
        await changing.carry_out(step, Rotation(ROTATED, OLD, "a test"))

    after = read(copy, "DATABASE_URL"), read(copy, "REDIS_URL"), read(copy, "operator-token")
    assert not set(before) & set(after)
    assert "xiongichat_app_bridge" in after[0]
    assert [await opens(url) for url in (before[0], after[0])] == [True, True]
    assert [await takes(url) for url in (before[1], after[1])] == [True, True]
    assert len(parse_tokens(read(copy, "API_TOKENS"))) == 4
    assert read(copy, "SECRET_KEYS_ALSO") == read(copy, "secret-key.next")
    await rotate(copy, [])


async def test_the_second_login_may_do_what_the_first_may_and_a_session_of_the_old_password_ends(copy: Copy):
    changing = Changing(copy, SystemClock(), lambda line: None)
    rotation = Rotation(("database-app",), datetime.now(UTC), "a test")
    old = await asyncpg.connect(read(copy, "DATABASE_URL"))
    owner = await asyncpg.connect(read(copy, "DATABASE_URL-owner"))
    await owner.execute("CREATE TABLE IF NOT EXISTS notes (word text)")

    await changing.carry_out(Step.BRIDGE, rotation)
    bridge = await asyncpg.connect(read(copy, "DATABASE_URL"))
    await bridge.execute("INSERT INTO notes VALUES ('through the bridge')")
    assert await bridge.fetchval("SHOW synchronous_commit") == "on"
    await changing.carry_out(Step.APP, rotation)
    after = datetime.now(UTC)
    await changing.carry_out(Step.CLOSE, Rotation(("database-app",), OLD, "a test", turned_at=after))

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await old.fetchval("SELECT 1")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await bridge.fetchval("SELECT 1")
    assert await owner.fetchval("SELECT count(*) FROM pg_roles WHERE rolname LIKE '%bridge'") == 0
    await owner.execute("DROP TABLE notes")
    await owner.close()


async def test_earlier_keys_stay_one_below_the_other_with_the_time_of_their_links(copy: Copy):
    first = read(copy, "secret-key")
    await rotate(copy, [])
    second = read(copy, "secret-key")
    await rotate(copy, [])

    lines = read(copy, "SECRET_KEYS_ALSO").splitlines()

    assert [line for line in lines if not line.startswith("#")] == [second, first]
    assert all(re.fullmatch(r"# links until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", x) for x in lines[::2])
