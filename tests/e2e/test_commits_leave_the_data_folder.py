"""A data folder is destroyed while people write: what was committed lies in the repository all the same."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator

import asyncpg
import pytest

from copies import Copy, finished, open_folder
from servers import eventually, wait_until
from xiong.config.load import load_settings
from xiong.config.settings import Settings
from xiong.operations.backup import history, lsn
from xiong.operations.backup.continuity import coverage
from xiong.operations.backup.keys import keys_of
from xiong.operations.backup.repository import repositories_of
from xiong.platforms.local.adapter import LocalPlatform

pytestmark = pytest.mark.long

SEGMENT = 16 << 20
WRITTEN = 1500
TAIL = 64
"""The last commit's own zero bytes and the record before it may end the stored log a little earlier."""


@pytest.fixture
def begin() -> Iterator:
    made: list[Copy] = []

    def up(**environment: str) -> Copy:
        watched = {"XIONG_WATCH__ENABLED": "true", "XIONG_RECOVERY__ENABLED": "false"}
        made.append(Copy(open_folder(), **watched, **environment))
        made[-1].up()
        return made[-1]

    yield up
    for copy in made:
        copy.remove()


def settings_of(copy: Copy) -> Settings:
    return load_settings(None, {"state": copy.state, "proxy": {"port": 0}, "watch": {"enabled": True}})


async def stored_to(copy: Copy) -> int:
    """Up to where the repository has the log."""
    settings = settings_of(copy)
    platform = LocalPlatform(settings)
    (repository,) = await repositories_of(platform, settings, await keys_of(platform, settings))
    cluster = await history.cluster(platform.records)
    ends = coverage(await repository.wal(cluster.system_id), SEGMENT)
    return max(lsn.start_of(name, SEGMENT) + end for name, end in ends.items())


async def write(copy: Copy, then) -> list[int]:
    """Commits one row after the other as the service's role does, and gives where each one stands."""
    access = await copy.platform().stores.access("postgres", superuser=True)
    connection = await asyncpg.connect(
        host=access.host,
        port=access.port,
        user=access.user,
        password=access.password.reveal(),
        database=access.database,
        server_settings={"synchronous_commit": "on"},
    )
    positions = []
    await connection.execute("CREATE TABLE IF NOT EXISTS noted (at bigserial PRIMARY KEY, words text)")
    while len(positions) < WRITTEN:
        await connection.execute("INSERT INTO noted (words) VALUES (repeat('x', 200))")
        positions.append(lsn.number(await connection.fetchval("SELECT pg_current_wal_flush_lsn()::text")))
    then()
    connection.terminate()
    return positions


def destroy(copy: Copy) -> None:
    """The folder goes with the server that has it open, and nothing is flushed on the way."""
    pid = copy.pid("postgres")
    os.killpg(pid, signal.SIGSTOP)
    shutil.rmtree(copy.state / "postgres")
    os.killpg(pid, signal.SIGKILL)


async def settled(copy: Copy) -> int:
    """Up to where the log is stored once nothing more comes."""
    seen = [-1]

    async def still() -> bool:
        seen.append(await stored_to(copy))
        await asyncio.sleep(2)  # two passes of `watch`
        return seen[-1] == seen[-2]

    await eventually(still, "all that was received is stored")
    return seen[-1]


@pytest.mark.parametrize("mode", ["stream", "synchronous"])
def test_commits_outlive_the_data_folder(begin, mode, record_property):
    copy = begin(XIONG_BACKUP__WAL=mode)
    made = copy.xiong("backup", "create", "--full").json
    assert made["kind"] == "full"

    positions = finished(write(copy, lambda: destroy(copy)))
    end = finished(settled(copy))

    lost = sum(1 for position in positions if position > end + TAIL)
    record_property(f"commits lost of {len(positions)} ({mode})", lost)
    assert lost < len(positions)
    if mode == "synchronous":
        assert lost == 0


def kinds(copy: Copy) -> list[str]:
    """Of all sets that were made, oldest first."""
    records = copy.platform().records
    names = finished(records.names("backups"))
    return [finished(records.read("backups", name))["kind"] for name in names]


def test_a_receiver_that_was_cut_off_begins_anew_and_a_full_backup_closes_the_gap(begin):
    copy = begin(XIONG_BACKUP__SLOT_KEEP_MB="64")
    copy.xiong("backup", "create")
    os.kill(copy.pid("wal"), signal.SIGSTOP)  # it hangs: the server must not wait for it for ever
    copy.sql("CREATE TABLE filler (words text)")

    def cut_off() -> bool:
        copy.sql("INSERT INTO filler SELECT repeat(md5(n::text), 50) FROM generate_series(1, 20000) AS n")
        copy.sql("SELECT pg_switch_wal(); CHECKPOINT")
        return "lost" in copy.sql("SELECT wal_status FROM pg_replication_slots")

    wait_until(cut_off, "the server cuts the receiver off", 120)
    ill = copy.xiong("health", "wal", expect=3).json["findings"][0]
    assert ill["cause"] == "slot"

    copy.xiong("recover", "wal")

    assert copy.xiong("health", "wal").json["findings"][0]["verdict"] == "healthy"
    wait_until(lambda: kinds(copy)[1:2] == ["full"], "watch makes the full one that is due")
    assert copy.xiong("backup", "verify").exit_code == 0
