"""Pods are told in the words of all platforms."""

from __future__ import annotations

import pytest

import pod_objects
from pod_objects import leaving, pod, waiting
from simulated_cluster import SimulatedCluster
from xiong.errors import PlatformError
from xiong.model.instance import InstanceState
from xiong.platforms.kubernetes import looking


@pytest.fixture
def cluster():
    return SimulatedCluster()


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (pod(), InstanceState.READY),
        (pod(ready=False), InstanceState.STARTING),
        (pod(ready=False, **waiting("ContainerCreating")), InstanceState.STARTING),
        (pod(ready=False, **waiting("ErrImagePull")), InstanceState.STARTING),
        (pod(ready=False, **waiting("ImagePullBackOff")), InstanceState.FAILED),
        (pod(ready=False, **waiting("CrashLoopBackOff")), InstanceState.FAILED),
        (pod(owner=None, phase="Failed"), InstanceState.FAILED),
        (pod(owner=None, phase="Succeeded"), InstanceState.STOPPED),
        (leaving(pod()), InstanceState.DRAINING),
        (leaving(pod(), lost=True), InstanceState.DRAINING),
    ],
)
def test_a_pod_has_the_state_that_people_know(found, state):
    assert looking.state_of(found) is state


async def test_an_instance_names_its_release_its_address_and_this_very_run(cluster):
    told = pod_objects.container(ready=True, restarts=3)
    cluster.put(pod("xiongichat-api-1-a", containerStatuses=[told]))

    (one,) = await looking.instances(cluster, "api")

    assert (one.name, one.service, one.release_id) == ("api-1-a", "api", "1.0-new")
    assert (one.state, one.restarts, one.url) == (InstanceState.READY, 3, "http://10.1.2.3:8000")
    assert one.identity == f"{cluster.pods['xiongichat-api-1-a']['metadata']['uid']}@3"


async def test_what_is_no_copy_is_not_told(cluster):
    stray = pod("of-somebody-else")
    del stray["metadata"]["labels"]["app.kubernetes.io/name"]
    job = pod("xiongichat-migrate-1", component="migrate", owner="Job")
    evicted = pod("xiongichat-api-evicted", ready=False, **pod_objects.evicted())
    cluster.put(stray, job, evicted, pod("xiongichat-api-1"), pod("postgres-0", component="postgres"))

    assert [one.name for one in await looking.instances(cluster)] == ["api-1", "postgres-0"]
    assert [one.name for one in await looking.instances(cluster, "postgres")] == ["postgres-0"]


async def test_one_that_is_not_well_says_why(cluster):
    ill = pod("xiongichat-api-1", ready=False)
    cluster.lost = {"xiongichat-api-1"}
    cluster.put(ill, pod("xiongichat-api-2"))
    cluster.events = [pod_objects.event(ill, "Unhealthy", "Readiness probe failed: refused")]

    first, second = await looking.instances(cluster, "api")

    assert (first.detail, second.detail) == ("Readiness probe failed: refused", "")


async def test_a_pod_is_found_by_the_name_of_its_instance(cluster):
    cluster.put(pod("xiongichat-api-1"), pod("postgres-0", component="postgres", owner="StatefulSet"))

    assert (await looking.pod_named(cluster, "api-1"))["metadata"]["name"] == "xiongichat-api-1"
    assert (await looking.pod_named(cluster, "postgres-0"))["metadata"]["name"] == "postgres-0"
    with pytest.raises(PlatformError, match="api-9 is not here"):
        await looking.pod_named(cluster, "api-9")
