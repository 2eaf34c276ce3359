"""A roll under load, a node that is drained, a stranger among the pods: what the manifests are for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cluster import phase_of, pod
from clustered import ClusteredCopy
from rolling_under_load import rolled_under_load
from xiong.errors import PlatformError
from xiong.model.endpoint import Endpoint
from xiong.model.instance import InstanceState
from xiong.platforms.kubernetes import looking
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.kinds import kind_of
from xiong.tools.clock import SystemClock, wait_for

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(900)]
# A new pod is let out a moment after it began, so it asks more than once.
REACHES = "for n in 1 2 3 4; do timeout 5 bash -c '</dev/tcp/{}' && exit 0; sleep 1; done; exit 1"


@asynccontextmanager
async def inside(copy: ClusteredCopy) -> AsyncIterator[Cluster]:
    cluster = copy.cluster
    try:
        yield cluster
    finally:
        await cluster.close()


@pytest.fixture
def door(copy: ClusteredCopy) -> Endpoint:
    return copy.door


async def test_rolls_under_load_lose_nothing_through_the_ingress(copy: ClusteredCopy, door: Endpoint):
    whole = await rolled_under_load(copy, door.address, host=str(door.server_name), requests=50_000, rolls=2)

    assert whole.failed == 0, whole.kinds
    assert whole.sent >= 50_000


async def test_a_drain_of_nodes_takes_one_replica_at_a_time(copy: ClusteredCopy):
    async with inside(copy) as cluster:
        names = [f"xiongichat-{i.name}" for i in await looking.instances(cluster, "api")]

        await evict(cluster, names[0])
        with pytest.raises(PlatformError, match="429"):
            await evict(cluster, names[1])

        async def both_again() -> bool:
            found = await looking.instances(cluster, "api")
            ready = {f"xiongichat-{i.name}" for i in found if i.state is InstanceState.READY}
            return len(ready) == len(names) and names[0] not in ready

        await wait_for(both_again, what="two ready", seconds=120, clock=SystemClock(), every=0.5)


async def evict(cluster: Cluster, name: str) -> None:
    """Asks for the end of a pod as a drain of its node does: the budget may refuse."""
    path = kind_of("Pod").path(cluster.namespace, name, "eviction")
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    await cluster._session.ask("POST", path, f"evicting {name}", body=body)


@pytest.mark.parametrize(
    ("component", "target", "reached"),
    [
        ("migrate", "postgres/5432", True),
        ("stranger", "postgres/5432", False),
        ("stranger", "valkey/6379", False),
        ("stranger", "xiongichat-api/80", False),
    ],
)
async def test_only_who_needs_a_store_reaches_it(
    copy: ClusteredCopy, component: str, target: str, *, reached: bool
):
    async with inside(copy) as cluster:
        name = f"reach-{component}-{target.partition('/')[0]}"
        labels = {"app.kubernetes.io/component": component}
        wanted: Object = pod(name, ["bash", "-c", REACHES.format(target)], labels=labels)
        await cluster.create(wanted)
        try:
            ended = await phase_of(cluster, name, "Succeeded", "Failed")
        finally:
            await cluster.delete("Pod", name, grace_seconds=0)

    assert ended["status"]["phase"] == ("Succeeded" if reached else "Failed")
