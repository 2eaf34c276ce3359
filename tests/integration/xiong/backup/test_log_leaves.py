"""The write-ahead log of a real server on its way: marked, received, sealed, stored; what would be lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from servers import eventually
from vaulted import CLOCK, SETTINGS, Vault, silent, vaulted
from xiong.datastores import postgres_facts
from xiong.datastores.postgres_facts import Marker
from xiong.model.backup import BackupKind, RpoReading
from xiong.operations.backup import history, lsn
from xiong.operations.backup.continuity import coverage
from xiong.operations.backup.create import create
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.repository import Repository
from xiong.operations.backup.shipping import LogShipping
from xiong.tools.object_store import ObjectStore, StorageError, open_store

SEGMENT = 16 << 20


class Beside(Vault):
    """The receiver is the test's own child; whether it would be held is noted."""

    held = False

    async def hold_log(self) -> None:
        self.held = True

    async def receive_log(self, _told: object) -> None:
        self.held = False


@pytest.fixture(scope="module")
def vault() -> Iterator[Beside]:
    with vaulted() as made:
        beside = Beside(made.root, made.postgres, made.valkey, made.secrets)
        asyncio.run(create(beside, SETTINGS, CLOCK, silent, kind=BackupKind.FULL, dump=False))
        yield beside


@pytest.fixture
async def connection(vault: Beside) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(vault.postgres.url("postgres"))
    await opened.execute("CREATE TABLE IF NOT EXISTS noted (at bigserial PRIMARY KEY, words text)")
    yield opened
    await opened.close()


@pytest.fixture
async def shipping(vault: Beside) -> AsyncIterator[LogShipping]:
    made = LogShipping(vault, SETTINGS, CLOCK)
    yield made
    await made.close()


async def repository(vault: Beside) -> Repository:
    return Repository(open_store(await vault.default_repository()), await keys_of(vault, SETTINGS))


async def stored_to(vault: Beside) -> int:
    """Up to where the repository has the log."""
    system = (await history.cluster(vault.records)).system_id
    ends = coverage(await (await repository(vault)).wal(system), SEGMENT)
    return max(lsn.start_of(name, SEGMENT) + end for name, end in ends.items())


async def committed(connection: asyncpg.Connection, words: str) -> int:
    await connection.execute("INSERT INTO noted (words) VALUES ($1)", words)
    return lsn.number(await connection.fetchval("SELECT pg_current_wal_lsn()::text"))


async def stored(shipping: LogShipping) -> RpoReading:
    """The first pass after which a marker is safe."""
    readings: list[RpoReading] = []

    async def safe() -> bool:
        readings.append(await shipping.once())
        return readings[-1].stored_seconds is not None

    await eventually(safe, "a marker is stored")
    return readings[-1]


async def test_what_is_committed_lies_in_the_repository_soon_after(vault, connection, shipping):
    position = await committed(connection, "x" * 1000)

    async def there() -> bool:
        await shipping.once()
        # Its last zero bytes are filled in again by whoever reads it.
        return await stored_to(vault) >= position - 8

    await eventually(there, "the commit is stored")
    assert (await stored(shipping)).fault == ""
    assert await history.rpo(vault.records) is not None


async def test_a_marker_is_written_only_where_somebody_wrote_since_the_last(vault, connection):
    marker = Marker(await vault.access("postgres", superuser=True))
    try:
        first = await marker.mark()
        assert await marker.mark() == first

        position = await committed(connection, "more")
        assert lsn.number(await marker.mark()) > position > lsn.number(first)
    finally:
        await marker.close()


async def test_two_that_ship_the_same_spool_store_all_of_it_and_wait_for_nobody(vault, connection, shipping):
    over = asyncio.Event()

    async def ship() -> None:
        while not over.is_set():
            assert (await shipping.once()).fault == ""

    other = asyncio.create_task(ship())
    try:
        for number in range(3):
            await committed(connection, f"during {number}")
            made = await create(vault, SETTINGS, CLOCK, silent, kind=BackupKind.FULL, dump=False)
            assert await stored_to(vault) >= lsn.number(made.database.point_lsn)
    finally:
        over.set()
        await other
    system = made.database.system_id
    names = sorted({one.name for one in await (await repository(vault)).wal(system)})
    starts = [lsn.start_of(name, SEGMENT) // SEGMENT for name in names]
    assert starts == list(range(starts[0], starts[0] + len(starts)))


async def test_while_a_repository_is_away_the_spool_keeps_the_log_and_it_is_stored_later(
    vault, connection, shipping, monkeypatch
):
    await stored(shipping)

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "put", _away)
        position = await committed(connection, "kept here")

        async def received() -> bool:
            reading = await shipping.once()
            return reading.fault == "the repository is away" and (
                reading.seconds < reading.stored_seconds - 0.05
            )

        await eventually(received, "it is received and not stored")
        assert await stored_to(vault) < position - 8

    async def taken() -> bool:
        return (await shipping.once()).fault == "" and await stored_to(vault) >= position - 8

    await eventually(taken, "it is stored after all")


async def test_a_restore_point_is_exact_while_others_write_and_says_so_where_it_is_not(vault, connection):
    superuser = await vault.access("postgres", superuser=True)
    over, writer = asyncio.Event(), await asyncpg.connect(vault.postgres.url("postgres"))

    async def write() -> None:
        while not over.is_set():
            await writer.execute("INSERT INTO noted (words) VALUES ('busy')")

    busy = asyncio.create_task(write())
    try:
        async with postgres_facts.moment(superuser, "busy-point") as moment:
            assert moment.exact
            there = await moment.view.fetchval("SELECT count(*) FROM noted")
            await eventually(lambda: _more(connection, there), "the writer goes on meanwhile")
            assert await moment.view.fetchval("SELECT count(*) FROM noted") == there
    finally:
        over.set()
        await busy
        await writer.close()
    async with connection.transaction():
        await connection.execute("INSERT INTO noted (words) VALUES ('for long')")
        async with postgres_facts.moment(superuser, "held-point") as moment:
            assert not moment.exact
            assert moment.lsn


async def _more(connection: asyncpg.Connection, than: int) -> bool:
    return await connection.fetchval("SELECT count(*) FROM noted") > than


async def test_receiving_is_held_while_too_much_waits_for_a_repository(vault, connection, monkeypatch):
    settings = SETTINGS.model_copy(
        update={"backup": SETTINGS.backup.model_copy(update={"spool_keep_mb": 20})}
    )
    shipping = LogShipping(vault, settings, CLOCK)
    try:
        await stored(shipping)
        with monkeypatch.context() as patch:
            patch.setattr(ObjectStore, "put", _away)

            async def full() -> bool:
                await committed(connection, "more")
                await connection.execute("SELECT pg_switch_wal()")
                await shipping.once()
                return vault.held

            await eventually(full, "receiving is held")

        async def empty() -> bool:
            await shipping.once()
            return not vault.held

        await eventually(empty, "receiving goes on")
    finally:
        await shipping.close()


async def _away(*_: object, **__: object) -> None:
    raise StorageError("the repository is away")
