"""Rolls on a real cluster: the controller that does the work is its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing

import pytest

import small_deployments
from small_deployments import CRASHES, NEVER_READY, WELL
from xiong.config.settings import DeploySettings, Settings
from xiong.errors import RolloutError
from xiong.model.instance import InstanceState, ReplicaStep
from xiong.platforms.kubernetes import logs, looking
from xiong.platforms.kubernetes.cluster import Cluster
from xiong.platforms.kubernetes.rollout import API, AUTOSCALER, Roller
from xiong.tools.clock import SystemClock, wait_for

pytestmark = pytest.mark.kubernetes
STARTED, READY, ADMITTED = ReplicaStep.STARTED, ReplicaStep.READY, ReplicaStep.ADMITTED
DRAINED, STOPPED = ReplicaStep.DRAINED, ReplicaStep.STOPPED
READY_SECONDS = 15.0


class Copy:
    """One in a namespace of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.roller = Roller(cluster, Settings(deploy=DeploySettings(ready_seconds=READY_SECONDS)))

    def applying(self, setup: str, replicas: int = 2, command: str = WELL, **more):
        scaler = more.pop("scaler", None)
        api = small_deployments.deployment("api", setup, command, **more)
        pager = small_deployments.deployment("pager", "same", replicas=1)
        return self.roller.apply(pager, api, scaler, replicas)

    async def apply(self, *arguments, **more) -> list[tuple[str, ReplicaStep]]:
        return [(e.instance.name, e.step) async for e in self.applying(*arguments, **more)]

    async def seen(self) -> list[tuple[str | None, InstanceState]]:
        return [(one.release_id, one.state) for one in await looking.instances(self.cluster, "api")]

    async def count(self) -> int:
        return (await self.cluster.get("Deployment", API))["spec"]["replicas"]


@pytest.fixture
async def copied(cluster):
    copied = Copy(cluster)
    await copied.apply("old")
    return copied


OLD_ONES = [("1.0-old", InstanceState.READY)] * 2


async def test_a_release_comes_up_and_is_left_alone_and_the_next_one_is_tried_and_takes_its_place(cluster):
    copied = Copy(cluster)
    first = [step for _, step in await copied.apply("old")]
    assert (first.count(STARTED), first.count(ADMITTED)) == (2, 2)
    assert await copied.seen() == OLD_ONES
    assert await copied.apply("old") == []

    done = await copied.apply("new")

    assert [step for name, step in done if "trial" in name] == [STARTED, READY]
    steps = [step for name, step in done if "trial" not in name]
    assert (steps.count(ADMITTED), steps.count(STOPPED)) == (2, 2)
    assert steps.index(ADMITTED) < steps.index(DRAINED)
    assert await copied.seen() == [("1.0-new", InstanceState.READY)] * 2


async def test_nobody_but_the_tool_reaches_the_trial_and_closing_takes_it_away(copied):
    async with aclosing(copied.applying("new")) as events:
        async for event in events:
            if event.step is READY:
                break
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(event.instance.url.rpartition(":")[2])
        )
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"+PONG\r\n"
        writer.close()
        assert event.instance.name not in {one.name for one in await looking.instances(copied.cluster)}

    assert await copied.seen() == OLD_ONES
    trial = await copied.cluster.get("Pod", f"xiongichat-{event.instance.name}")
    assert trial is None or "deletionTimestamp" in trial["metadata"]


@pytest.mark.parametrize(
    ("command", "words"), [(CRASHES, "it ended with exit code 3"), (NEVER_READY, "Readiness probe failed")]
)
async def test_a_release_that_is_no_good_is_refused_with_its_reason_and_the_old_one_serves(
    copied, command, words
):
    with pytest.raises(RolloutError, match=f"api-trial-.* did not get ready with release 1.0-bad: .*{words}"):
        await copied.apply("bad", command=command)

    assert await copied.seen() == OLD_ONES


async def test_an_image_that_nobody_has_is_refused_and_told_by_name(copied):
    nowhere = "localhost:5000/xiong-test/no-such-image@sha256:" + "0" * 64

    with pytest.raises(RolloutError, match=r"image localhost:5000/xiong-test/no-such-image.* cannot be had"):
        await copied.apply("bad", image=nowhere)

    assert await copied.seen() == OLD_ONES


async def test_a_release_that_breaks_after_its_trial_is_refused_and_the_one_before_comes_back(copied):
    once = f'test "$(hostname | grep -c trial)" = 1 && {WELL}; {CRASHES}'

    with pytest.raises(RolloutError, match=r"api-.* did not get ready with release 1.0-bad"):
        await copied.apply("bad", command=once)
    assert [one for one in await copied.seen() if one[1] is InstanceState.READY] == OLD_ONES

    back = await copied.apply("old")
    assert not any("trial" in name for name, _ in back)
    assert await copied.seen() == OLD_ONES


async def test_a_paused_deployment_is_left_as_it_is(copied):
    await copied.cluster.patch("Deployment", API, {"spec": {"paused": True}})

    with pytest.raises(RolloutError, match="is paused"):
        await copied.apply("new")
    assert await copied.seen() == OLD_ONES


async def test_the_count_follows_what_is_asked_for_with_an_autoscaler_too(copied):
    scaler = small_deployments.autoscaler()

    done = await copied.apply("old", 3, scaler=scaler)
    assert [step for _, step in done] == [STARTED, READY, ADMITTED]
    bounds = (await copied.cluster.get("HorizontalPodAutoscaler", AUTOSCALER))["spec"]
    assert (bounds["minReplicas"], bounds["maxReplicas"]) == (3, 3)

    done = await copied.apply("old", 1, scaler=scaler)
    assert [step for _, step in done].count(STOPPED) == 2
    assert await copied.count() == 1


async def test_one_is_replaced_by_another_that_serves_before_it_goes_also_under_an_autoscaler(copied):
    scaler = small_deployments.autoscaler()
    await copied.apply("old", 2, scaler=scaler)
    before = await looking.instances(copied.cluster, "api")
    api = small_deployments.deployment("api", "old")

    done = [(e.instance.name, e.step) async for e in copied.roller.replace(before[0].name, api, None)]
    after = await looking.instances(copied.cluster, "api")

    steps = [step for _, step in done]
    assert steps.index(ADMITTED) < steps.index(DRAINED)
    assert done[-1] == (before[0].name, STOPPED)
    assert {one.name for one in before} - {one.name for one in after} == {before[0].name}
    assert await copied.seen() == OLD_ONES
    bounds = (await copied.cluster.get("HorizontalPodAutoscaler", AUTOSCALER))["spec"]
    assert (bounds["minReplicas"], bounds["maxReplicas"], await copied.count()) == (2, 2, 2)


async def test_a_restart_a_kill_and_a_start_give_a_new_pod_of_the_same_release(copied):
    before = {one.name for one in await looking.instances(copied.cluster, "api")}
    first, second = sorted(before)

    await copied.roller.restart(first, 1.0)
    assert first not in {one.name for one in await looking.instances(copied.cluster, "api") if _ready(one)}
    await copied.roller.kill(second, signal.SIGKILL)

    async def back() -> bool:
        found = await looking.instances(copied.cluster, "api")
        return [(one.release_id, one.state) for one in found] == OLD_ONES

    await wait_for(back, what="two replicas", seconds=30, clock=SystemClock(), every=0.3)
    now = await looking.instances(copied.cluster, "api")
    assert before.isdisjoint(one.name for one in now)
    await copied.roller.start(now[0].name)
    assert now == await looking.instances(copied.cluster, "api")


async def test_the_log_of_a_service_is_read_and_followed_into_pods_that_come_later(copied):
    pods = {one.name for one in await looking.instances(copied.cluster, "api")}
    printed = {name async for name, line in logs.lines(copied.cluster, "api", follow=False) if line}
    assert printed == pods

    heard: set[str] = set()
    async with asyncio.timeout(60), aclosing(logs.lines(copied.cluster, "api", follow=True)) as lines:
        async for name, _ in lines:
            if heard != pods and heard | {name} == pods:
                await copied.roller.restart(name, 1.0)
            heard.add(name)
            if heard - pods:
                break


async def test_a_pod_whose_program_ended_counts_as_gone_though_somebody_holds_it(copied):
    held = (await looking.instances(copied.cluster, "api"))[0].name
    await copied.cluster.patch("Pod", f"xiongichat-{held}", {"metadata": {"finalizers": ["xiong.test/held"]}})
    try:
        done = await copied.apply("new")

        assert (held, STOPPED) in done
        assert await copied.seen() == [("1.0-new", InstanceState.READY)] * 2
    finally:
        await copied.cluster.patch("Pod", f"xiongichat-{held}", {"metadata": {"finalizers": None}})


async def test_a_pod_whose_node_is_not_there_any_more_holds_up_no_roll(copied):
    template = small_deployments.deployment("api", "older")["spec"]["template"]
    lost = {"apiVersion": "v1", "kind": "Pod", **template}
    lost["metadata"]["name"] = "xiongichat-api-lost"
    lost["spec"]["nodeName"] = "no-such-node"
    await copied.cluster.create(lost)
    await copied.cluster.delete("Pod", "xiongichat-api-lost", grace_seconds=1)

    done = await copied.apply("new")

    assert ("api-lost", STOPPED) not in done
    assert ("1.0-older", InstanceState.DRAINING) in await copied.seen()
    assert (await copied.seen()).count(("1.0-new", InstanceState.READY)) == 2


async def test_a_quota_that_lets_no_pod_in_is_told(copied):
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "full"},
        "spec": {"hard": {"pods": "3"}},
    }
    await copied.cluster.apply(quota)

    with pytest.raises(RolloutError, match=r"release 1.0-new is not tried: .*exceeded quota"):
        await copied.apply("new")
    with pytest.raises(RolloutError, match=r"the cluster makes no pod of xiongichat-api: .*exceeded quota"):
        await copied.apply("old", 3)


def _ready(one) -> bool:
    return one.state is InstanceState.READY
