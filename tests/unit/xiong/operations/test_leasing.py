"""One lease for all that change something."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from xiong.errors import ExitCode, LeaseHeldError
from xiong.operations.drill import standing
from xiong.operations.drill.standing import Standing
from xiong.operations.leasing import beside_drill, hold_lease
from xiong.platforms.onehost.lease import FileLease
from xiong.platforms.onehost.records import FileRecords
from xiong.tools import host
from xiong.tools.clock import SystemClock


class LeasedPlatform:
    """The lease primitives and the records alone, over real files."""

    def __init__(self, folder):
        self.file = FileLease(folder)
        self.records = FileRecords(folder / "records")

    async def take_lease(self, wanted):
        return self.file.take(wanted)

    async def read_lease(self):
        return self.file.read()

    async def drop_lease(self, token):
        self.file.drop(token)


@pytest.fixture
def platform(tmp_path):
    return LeasedPlatform(tmp_path)


async def test_a_second_verb_is_told_who_holds_the_lease_and_why(platform):
    async with hold_lease(platform, "deploy 1.0", 30, SystemClock()):
        with pytest.raises(LeaseHeldError, match=r"for `deploy 1\.0` since") as caught:
            async with hold_lease(platform, "rollback", 30, SystemClock()):
                pass

    assert caught.value.exit_code is ExitCode.LEASE_HELD


async def test_the_lease_is_given_back_when_the_verb_fails(platform):
    with pytest.raises(ValueError, match="boom"):
        async with hold_lease(platform, "deploy", 30, SystemClock()):
            raise ValueError("boom")

    assert await platform.read_lease() is None


async def test_the_lease_is_given_back_when_the_verb_is_cancelled(platform):
    holding = asyncio.Event()

    async def verb():
        async with hold_lease(platform, "deploy", 30, SystemClock()):
            holding.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(verb())
    await holding.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert await platform.read_lease() is None


async def test_the_lease_of_a_dead_process_is_free_at_once(platform):
    async with hold_lease(platform, "deploy", 3600, SystemClock()) as lease:
        dead = replace(lease, token="other", pid_started=lease.pid_started - 100)
    platform.file.take(dead)

    assert await platform.read_lease() is None
    async with hold_lease(platform, "rollback", 30, SystemClock()) as taken:
        assert taken.purpose == "rollback"


async def test_an_expired_lease_of_another_machine_is_free(platform):
    async with hold_lease(platform, "deploy", 30, SystemClock()) as lease:
        past = datetime.now(UTC) - timedelta(seconds=1)
        foreign = replace(lease, token="other", host="elsewhere")
    platform.file.take(foreign)
    assert (await platform.read_lease()) == foreign

    platform.file.take(replace(foreign, expires_at=past))

    assert await platform.read_lease() is None


async def test_a_lease_is_renewed_while_the_verb_runs(platform):
    class FastClock(SystemClock):
        async def sleep(self, seconds):
            await asyncio.sleep(0)

    async with hold_lease(platform, "deploy", 30, FastClock()) as lease:
        async with asyncio.timeout(5):
            while (await platform.read_lease()).expires_at == lease.expires_at:
                await asyncio.sleep(0)


async def test_a_verb_whose_lease_was_taken_over_is_stopped(platform):
    class FastClock(SystemClock):
        async def sleep(self, seconds):
            await asyncio.sleep(0.01)

    with pytest.raises(LeaseHeldError):
        async with hold_lease(platform, "deploy", 30, FastClock()) as lease:
            platform.file.drop(lease.token)
            platform.file.take(replace(lease, token="another"))
            async with asyncio.timeout(5):
                await asyncio.Event().wait()


def a_drill(**changes) -> Standing:
    now = datetime.now(UTC)
    drill = Standing("kill-replica", "somebody", host.this_process(), now, now + timedelta(hours=1))
    return replace(drill, **changes)


async def test_no_verb_gets_the_lease_while_a_drill_is_under_way(platform):
    await standing.write(platform.records, a_drill())

    with pytest.raises(LeaseHeldError, match="rehearses `drill kill-replica` since") as caught:
        async with hold_lease(platform, "deploy", 30, SystemClock()):
            pass

    assert caught.value.exit_code is ExitCode.LEASE_HELD
    assert await platform.read_lease() is None


async def test_the_healer_gets_the_lease_beside_a_drill_also_in_a_task_that_it_begins(platform):
    await standing.write(platform.records, a_drill())

    async def heal() -> str:
        async with hold_lease(platform, "heal", 30, SystemClock()) as lease:
            return lease.purpose

    with beside_drill():
        task = asyncio.create_task(heal())

    assert await task == "heal"
    with pytest.raises(LeaseHeldError):
        await heal()


async def test_a_drill_whose_process_is_gone_keeps_nobody_away(platform):
    me = host.this_process()
    await standing.write(platform.records, a_drill(process=replace(me, started=me.started - 100)))

    async with hold_lease(platform, "deploy", 30, SystemClock()) as lease:
        assert lease.purpose == "deploy"


async def test_a_drill_of_another_machine_keeps_verbs_away_until_its_time_is_over(platform):
    drill = a_drill(process=replace(host.this_process(), host="elsewhere"))

    assert drill.lives(drill.begun_at)
    assert not drill.lives(drill.expires_at)
