"""What `platforms/base.py` promises to whoever watches, on every platform by name."""

import asyncio
from collections.abc import Iterator

import pytest

from everywhere import platforms, settled
from xiong.config.settings import Settings
from xiong.platforms.base import Platform
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock


@pytest.fixture(params=platforms())
def platform(request, tmp_path) -> Iterator[Platform]:
    with settled(request.param, tmp_path / "state") as settings:
        yield platform_for(Settings.model_validate(settings))


async def test_one_leads_at_a_time_and_another_part_has_a_leader_of_its_own(platform):
    clock = SystemClock()
    order: list[str] = []

    async def second() -> None:
        async with platform.lead("watch", clock):
            order.append("second leads")

    async with platform.lead("watch", clock):
        waiting = asyncio.create_task(second())
        async with platform.lead("another", clock):
            order.append("another leads")
        await clock.sleep(0.5)
        order.append("first ends")
    await asyncio.wait_for(waiting, 5)

    assert order == ["another leads", "first ends", "second leads"]


async def test_who_waits_for_the_lead_can_be_stopped(platform):
    clock = SystemClock()

    async def second() -> None:
        async with platform.lead("watch", clock):
            raise AssertionError("it leads")

    async with platform.lead("watch", clock):
        waiting = asyncio.create_task(second())
        await clock.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_volumes_have_a_few_known_names_and_are_not_fuller_than_full(platform):
    async with platform.lead("watch", SystemClock()):  # makes the copy's folders
        found = await platform.volumes()

    assert {volume.name for volume in found} <= {"state", "database"}
    assert found or await platform.stores.lacks("postgres")  # what is not ours is not told
    assert all(0 <= volume.free_bytes <= volume.size_bytes for volume in found)
    assert all(0 <= volume.free_inodes <= volume.inodes for volume in found)


async def test_targets_can_be_announced_while_nothing_runs(platform):
    await platform.announce()
    await platform.announce()
