"""One pod in the place of another, a restart, a start and a kill, over a cluster in memory."""

from __future__ import annotations

import signal

import pytest

import pod_objects
from simulated_rolls import SCALER, Copy, pods, scalings
from xiong.errors import PlatformError, RolloutError
from xiong.model.instance import ReplicaStep
from xiong.platforms.kubernetes.rollout import API, AUTOSCALER

STARTED, READY, ADMITTED = ReplicaStep.STARTED, ReplicaStep.READY, ReplicaStep.ADMITTED
DRAINED, STOPPED = ReplicaStep.DRAINED, ReplicaStep.STOPPED


@pytest.fixture
async def copied():
    copied = Copy()
    await copied.apply("old")
    copied.cluster.calls.clear()
    copied.fewest = 99
    return copied


async def test_an_ill_pod_is_replaced_by_one_that_serves_before_it_goes(copied):
    await copied.apply("old", 2, SCALER)
    copied.cluster.calls.clear()
    copied.fewest = 99
    old = copied.cluster.serving()[1]["metadata"]["name"]

    rolled = copied.roller.replace(old.removeprefix("xiongichat-"), pod_objects.deployment(), None)
    steps = [event.step async for event in rolled]

    assert steps == [STARTED, READY, ADMITTED, DRAINED, STOPPED]
    assert old not in copied.cluster.pods
    assert (len(copied.setups()), copied.fewest) == (2, 2)
    assert scalings(copied) == [
        f"patch {AUTOSCALER} {{'minReplicas': 3, 'maxReplicas': 10}}",
        f"patch {API} {{'replicas': 3}}",
        f"patch {AUTOSCALER} {{'minReplicas': 2, 'maxReplicas': 10}}",
        f"patch {API} {{'replicas': 2}}",
    ]


async def test_the_old_one_stays_when_the_new_one_does_not_get_ready(copied):
    before = copied.cluster.serving()
    copied.cluster.broken = {"old"}
    old = before[0]["metadata"]["name"].removeprefix("xiongichat-")

    with pytest.raises(RolloutError, match=r"did not get ready"):
        async for _ in copied.roller.replace(old, pod_objects.deployment(), None):
            pass
    for _ in range(3):
        await copied.cluster.list("Pod")

    assert [p["metadata"]["uid"] for p in copied.cluster.serving()] == [p["metadata"]["uid"] for p in before]
    assert copied.live["spec"]["replicas"] == 2
    assert len(copied.cluster._of("api")) == 2
    assert all(p["metadata"]["annotations"].keys() == {"xiong.setup"} for p in copied.cluster.serving())


async def test_a_hung_pod_gets_the_grace_that_is_asked_for_and_never_none(copied):
    old = copied.cluster.serving()[0]["metadata"]["name"].removeprefix("xiongichat-")

    async for _ in copied.roller.replace(old, pod_objects.deployment(), 0.2):
        pass

    assert f"delete xiongichat-{old} 1" in copied.cluster.calls


async def test_one_that_does_not_run_goes_first(copied):
    ill = copied.cluster.serving()[0]
    ill["status"] |= pod_objects.waiting("CrashLoopBackOff", before={"exitCode": 1})
    name = ill["metadata"]["name"].removeprefix("xiongichat-")

    steps = [e.step async for e in copied.roller.replace(name, pod_objects.deployment(), None)]

    assert steps.index(STOPPED) < steps.index(ADMITTED)
    assert steps.count(ADMITTED) == 1
    assert scalings(copied) == []


async def test_what_is_no_replica_is_not_replaced(copied):
    pager = next(name for name, _ in pods(copied) if "pager" in name)

    for name in ("api-9", pager.removeprefix("xiongichat-")):
        with pytest.raises(PlatformError):
            async for _ in copied.roller.replace(name, pod_objects.deployment(), None):
                pass


async def test_a_restart_returns_when_as_many_are_ready_as_before(copied):
    old = copied.cluster.serving()[0]["metadata"]["name"]

    await copied.roller.restart(old.removeprefix("xiongichat-"), None)

    assert old not in copied.cluster.pods
    assert len(copied.setups()) == 2


async def test_a_restart_that_brings_nothing_back_says_what_is_ill(copied):
    copied.cluster.broken = {"old"}
    old = copied.cluster.serving()[0]["metadata"]["name"].removeprefix("xiongichat-")

    with pytest.raises(PlatformError, match=r"ready again.*it ended with exit code 1"):
        await copied.roller.restart(old, None)


async def test_start_leaves_one_that_runs_alone_and_makes_one_that_was_given_up_anew(copied):
    well, ill = copied.cluster.serving()
    ill["status"] |= pod_objects.waiting("CrashLoopBackOff", before={"exitCode": 1})

    await copied.roller.start(well["metadata"]["name"].removeprefix("xiongichat-"))
    assert copied.cluster.calls == []
    await copied.roller.start(ill["metadata"]["name"].removeprefix("xiongichat-"))
    assert ill["metadata"]["name"] not in copied.cluster.pods
    with pytest.raises(PlatformError):
        await copied.roller.start("no-such-copy")


async def test_only_the_end_of_a_pod_can_be_asked_for_and_a_store_gets_time_to_leave_its_volume(copied):
    replica = copied.cluster.serving()[0]["metadata"]["name"]
    copied.cluster.put(pod_objects.pod("postgres-0", component="postgres", owner="StatefulSet"))

    await copied.roller.kill(replica.removeprefix("xiongichat-"), signal.SIGKILL)
    await copied.roller.kill("postgres-0", signal.SIGKILL)

    assert copied.cluster.calls[-2:] == [f"delete {replica} 0", "delete postgres-0 1"]
    with pytest.raises(PlatformError, match=r"SIGSTOP cannot be sent"):
        await copied.roller.kill(replica.removeprefix("xiongichat-"), signal.SIGSTOP)
