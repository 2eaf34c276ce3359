"""What `platforms/base.py` promises of records and of the lease, on every platform by name."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from everywhere import platforms, settled
from xiong.config.settings import Settings
from xiong.model.lease import Lease
from xiong.platforms.base import Platform
from xiong.platforms.registry import platform_for

NOW = datetime.now(UTC)


@pytest.fixture(params=platforms())
def platform(request, tmp_path) -> Iterator[Platform]:
    with settled(request.param, tmp_path / "state") as settings:
        yield platform_for(Settings.model_validate(settings))


async def test_a_record_is_read_as_it_was_written(platform):
    await platform.records.write("kind", "name", {"a": [1, "二"]})

    assert await platform.records.read("kind", "name") == {"a": [1, "二"]}
    assert await platform.records.names("kind") == ["name"]
    await platform.records.delete("kind", "name")
    await platform.records.delete("kind", "name")
    assert await platform.records.read("kind", "name") is None


def a_lease(token: str, **changes) -> Lease:
    me = psutil.Process()
    lease = Lease(
        token=token,
        holder="somebody",
        purpose="a test",
        acquired_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        host=os.uname().nodename,
        pid=me.pid,
        pid_started=me.create_time(),
    )
    return replace(lease, **changes)


async def test_only_one_holds_the_lease_and_only_its_owner_renews_or_drops_it(platform):
    mine, other = a_lease("mine"), a_lease("other")
    assert await platform.take_lease(mine) == mine
    assert await platform.take_lease(other) == mine
    renewed = replace(mine, expires_at=NOW + timedelta(hours=2))
    assert await platform.take_lease(renewed) == renewed

    await platform.drop_lease("other")
    assert await platform.read_lease() == renewed
    await platform.drop_lease("mine")
    assert await platform.read_lease() is None


async def test_an_expired_lease_is_no_lease(platform):
    await platform.take_lease(a_lease("old", expires_at=NOW - timedelta(seconds=1)))

    assert await platform.read_lease() is None
    assert (await platform.take_lease(a_lease("new"))).token == "new"
    await platform.drop_lease("new")


async def test_of_many_who_want_the_lease_at_once_one_gets_it(platform):
    wanted = [a_lease(f"token {n}") for n in range(20)]

    standing = await asyncio.gather(*(platform.take_lease(lease) for lease in wanted))

    winners = {lease.token for lease in standing}
    assert len(winners) == 1
    await platform.drop_lease(winners.pop())
