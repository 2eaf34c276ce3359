"""The lease and the leader on a real API server: one at a time, and none for ever."""

import asyncio
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from xiong.errors import LeaseHeldError
from xiong.model.lease import Lease
from xiong.platforms.kubernetes.cluster import Cluster
from xiong.platforms.kubernetes.leading import lead
from xiong.platforms.kubernetes.lease import ClusterLease
from xiong.tools.clock import SystemClock, wait_for

pytestmark = pytest.mark.kubernetes


class QuickClock(SystemClock):
    """Twenty of its seconds pass in one, so that a lease runs out soon."""

    def monotonic(self) -> float:
        return time.monotonic() * 20

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 20)


def wanted(token: str, *, seconds: float = 60, where: str = "elsewhere") -> Lease:
    now = datetime.now(UTC)
    return Lease(token, "ops@elsewhere pid 7", "deploy", now, now + timedelta(seconds=seconds), where, 7, 1.0)


async def test_a_lease_is_held_by_one_until_it_is_given_back(cluster: Cluster) -> None:
    lease, mine, theirs = ClusterLease(cluster), wanted("mine"), wanted("theirs")

    assert await lease.read() is None
    assert await lease.take(mine) == mine
    assert await lease.take(theirs) == mine
    assert await lease.read() == mine
    await lease.drop("theirs")
    assert await lease.read() == mine
    await lease.drop("mine")
    assert await lease.read() is None
    assert await lease.take(theirs) == theirs


async def test_its_holder_renews_it(cluster: Cluster) -> None:
    lease, mine = ClusterLease(cluster), wanted("mine")
    await lease.take(mine)
    later = replace(mine, expires_at=mine.expires_at + timedelta(seconds=60))

    assert await lease.take(later) == later
    assert await lease.read() == later
    found = await cluster.get("Lease", "xiongichat")
    assert found is not None
    assert found["spec"]["holderIdentity"] == "ops@elsewhere pid 7"
    assert found["spec"]["leaseDurationSeconds"] == 120


@pytest.mark.parametrize(
    "over", [wanted("old", seconds=-1), wanted("old", where=socket.gethostname())], ids=["expired", "dead"]
)
async def test_one_that_ran_out_or_whose_holder_is_dead_is_free(cluster: Cluster, over: Lease) -> None:
    lease, mine = ClusterLease(cluster), wanted("mine")
    await lease.take(over)

    assert await lease.read() is None
    assert await lease.take(mine) == mine


async def test_a_living_process_of_this_host_holds_it(cluster: Cluster) -> None:
    me = psutil.Process()
    mine = replace(wanted("mine", where=socket.gethostname()), pid=me.pid, pid_started=me.create_time())
    lease = ClusterLease(cluster)
    await lease.take(mine)

    assert await lease.take(wanted("theirs")) == mine


async def test_of_many_who_ask_at_once_one_gets_it(cluster: Cluster) -> None:
    asked = [wanted(str(n)) for n in range(12)]

    told = await asyncio.gather(*(ClusterLease(cluster).take(each) for each in asked))

    assert len({each.token for each in told}) == 1
    assert await ClusterLease(cluster).read() == told[0]


async def test_one_leads_and_the_next_follows_at_once_when_it_ends(cluster: Cluster) -> None:
    order: list[str] = []
    first_leads, may_end = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with lead(cluster, "watch", QuickClock()):
            order.append("first")
            first_leads.set()
            await may_end.wait()
            order.append("first ends")

    async def second() -> None:
        await first_leads.wait()
        async with lead(cluster, "watch", QuickClock()):
            order.append("second")

    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())
        await first_leads.wait()
        for _ in range(5):  # 25 of its seconds: a leader that lives is never overtaken
            await renewed(cluster)
        may_end.set()

    assert order == ["first", "first ends", "second"]


async def renewed(cluster: Cluster) -> None:
    """Returns once the leader has renewed its lease."""
    before = await cluster.get("Lease", "xiongichat-watch")

    async def anew() -> bool:
        return await cluster.get("Lease", "xiongichat-watch") != before

    await wait_for(anew, what="a renewal", seconds=10, clock=SystemClock(), every=0.02)


async def test_a_leader_that_fell_silent_is_followed_once_its_lease_ran_out(cluster: Cluster) -> None:
    spec = {"holderIdentity": "gone", "leaseDurationSeconds": 15}
    kind = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    await cluster.create({**kind, "metadata": {"name": "xiongichat-watch"}, "spec": spec})
    clock = QuickClock()
    began = clock.monotonic()

    async with lead(cluster, "watch", clock):
        waited = clock.monotonic() - began

    assert waited > 15


async def test_a_leader_whose_lease_is_taken_stops(cluster: Cluster) -> None:
    stopped: list[str] = []

    async def body() -> None:
        async with lead(cluster, "watch", QuickClock()):
            await cluster.patch("Lease", "xiongichat-watch", {"spec": {"holderIdentity": "another"}})
            try:
                await asyncio.Event().wait()
            finally:
                stopped.append("stopped")

    with pytest.raises(LeaseHeldError, match="watch does not lead any more"):
        await body()
    assert stopped == ["stopped"]
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0
    found = await cluster.get("Lease", "xiongichat-watch")
    assert found is not None
    assert found["spec"]["holderIdentity"] == "another"


async def test_a_leader_that_is_cancelled_gives_its_place_back(cluster: Cluster) -> None:
    leads = asyncio.Event()

    async def body() -> None:
        async with lead(cluster, "watch", SystemClock()):
            leads.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(body())
    await leads.wait()
    task.cancel()
    await asyncio.wait([task])

    async def free() -> bool:
        found = await cluster.get("Lease", "xiongichat-watch")
        return found is not None and not found["spec"].get("holderIdentity")

    assert task.cancelled()
    await wait_for(free, what="the lease given back", seconds=5, clock=SystemClock())
