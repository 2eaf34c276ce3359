"""A roll over a cluster in memory: what is asked of it, what is told, and what never happens meanwhile."""

from __future__ import annotations

from contextlib import aclosing

import pytest

import pod_objects
from simulated_rolls import SCALER, Copy, pods, scalings
from xiong.errors import RolloutError
from xiong.model.instance import ReplicaStep
from xiong.platforms.kubernetes.rollout import AUTOSCALER

STARTED, READY, ADMITTED = ReplicaStep.STARTED, ReplicaStep.READY, ReplicaStep.ADMITTED
DRAINED, STOPPED = ReplicaStep.DRAINED, ReplicaStep.STOPPED


@pytest.fixture
async def copied():
    copied = Copy()
    await copied.apply("old")
    copied.cluster.calls.clear()
    copied.fewest = 99
    return copied


async def test_the_first_release_comes_up_without_a_trial():
    copied = Copy()

    who, steps = await copied.apply("old")

    assert "trial" not in who
    assert (steps.count(STARTED), steps.count(ADMITTED)) == (2, 2)
    assert copied.setups() == ["old", "old"]


async def test_what_runs_already_is_left_alone(copied):
    assert await copied.apply("old") == ([], [])
    assert scalings(copied) == []


async def test_a_new_release_is_tried_beside_the_service_and_then_takes_the_place_of_each_pod(copied):
    who, steps = await copied.apply("new")

    assert list(zip(who, steps, strict=True))[:2] == [("trial", STARTED), ("trial", READY)]
    assert "trial" not in who[2:]
    assert (steps.count(ADMITTED), steps.count(STOPPED)) == (2, 2)
    assert steps.index(ADMITTED) < steps.index(DRAINED)
    assert copied.setups() == ["new", "new"]
    assert copied.fewest == 2


async def test_the_service_and_the_pager_are_touched_only_after_the_trial_was_judged(copied):
    async with aclosing(copied.applying("new")) as events:
        async for event in events:
            if event.step is READY:
                break

    assert [call.split()[0] for call in copied.cluster.calls] == ["create", "delete"]
    assert copied.setups() == ["old", "old"]
    assert not any("trial" in name and "deletionTimestamp" not in p["metadata"] for name, p in pods(copied))


async def test_a_release_that_crashes_is_refused_by_its_trial_with_its_last_words(copied):
    copied.cluster.broken = {"new"}

    with pytest.raises(RolloutError, match=r"did not get ready with release 1.0-new") as refused:
        await copied.apply("new")

    assert "it ended with exit code 1" in refused.value.message
    assert "\n  Traceback\n" in refused.value.message
    assert "0912" not in refused.value.message
    assert copied.setups() == ["old", "old"]
    assert "apply xiongichat-api" not in copied.cluster.calls


async def test_a_release_that_breaks_after_its_trial_leaves_the_old_one_serving_and_goes_back(copied):
    with pytest.raises(RolloutError, match=r"api-.* did not get ready"):
        async with aclosing(copied.applying("new")) as events:
            async for event in events:
                if event.step is STARTED and "trial" not in event.instance.name:
                    copied.cluster.broken = {"new"}

    assert copied.setups() == ["old", "old"]
    who, _ = await copied.apply("old")
    assert "trial" not in who  # it serves, so it needs no trial
    assert {p["metadata"]["annotations"]["xiong.setup"] for _, p in pods(copied)} == {"old"}


async def test_a_release_whose_pager_does_not_run_never_serves(copied):
    with pytest.raises(RolloutError, match=r"pager-.* did not get ready"):
        async with aclosing(copied.applying("new")) as events:
            async for event in events:
                if event.step is READY:
                    copied.cluster.broken = {"new"}

    assert copied.setups() == ["old", "old"]
    assert "apply xiongichat-api" not in copied.cluster.calls


async def test_one_that_never_gets_ready_is_refused_at_its_deadline(copied):
    copied.cluster._get_ready = lambda found: None

    with pytest.raises(RolloutError, match=r"it did not say why"):
        await copied.apply("new")

    assert 60 < copied.cluster.clock.seconds < 120


async def test_a_deployment_that_somebody_paused_is_not_rolled_and_not_tried(copied):
    copied.live["spec"]["paused"] = True

    with pytest.raises(RolloutError, match=r"is paused") as refused:
        await copied.apply("new")

    assert "rollout resume" in refused.value.hint
    assert copied.cluster.calls == []


async def test_one_that_is_paused_while_it_rolls_says_so(copied):
    with pytest.raises(RolloutError, match=r"is paused"):
        async with aclosing(copied.applying("new")) as events:
            async for event in events:
                if event.step is ADMITTED:
                    copied.live["spec"]["paused"] = True


async def test_evicted_pods_are_no_replicas(copied):
    copied.cluster.put(pod_objects.pod("xiongichat-api-evicted", ready=False, **pod_objects.evicted()))

    assert await copied.apply("old") == ([], [])


async def test_a_roll_does_not_wait_for_pods_on_a_lost_node(copied):
    gone = copied.cluster.serving()[0]
    name = gone["metadata"]["name"]
    copied.cluster.lost = {name}
    copied.cluster.put(pod_objects.leaving(gone, lost=True))

    await copied.apply("new")

    assert copied.setups() == ["new", "new"]
    assert name in copied.cluster.pods


async def test_a_smaller_count_ends_those_that_are_too_many(copied):
    _, steps = await copied.apply("old", 1)

    assert steps == [DRAINED, STOPPED]
    assert len(copied.setups()) == 1


async def test_the_autoscaler_gets_the_count_as_its_floor_and_a_ceiling_that_is_no_lower(copied):
    await copied.apply("old", 12, SCALER)

    bounds = copied.cluster.objects["HorizontalPodAutoscaler", AUTOSCALER]["spec"]
    assert (bounds["minReplicas"], bounds["maxReplicas"]) == (12, 12)
    assert len(copied.setups()) == 12
    await copied.apply("old", 4, SCALER)
    bounds = copied.cluster.objects["HorizontalPodAutoscaler", AUTOSCALER]["spec"]
    assert (bounds["minReplicas"], bounds["maxReplicas"]) == (4, 10)
    assert len(copied.setups()) == 4


async def test_a_roll_under_load_keeps_the_pods_that_the_autoscaler_added(copied):
    await copied.apply("old", 3, SCALER)
    copied.live["spec"]["replicas"] = 5
    await copied.apply("old", 3, SCALER)

    await copied.apply("new", 3, SCALER)

    assert copied.setups() == ["new"] * 5
    assert copied.fewest == 5
    assert scalings(copied) == []


async def test_the_count_may_grow_while_it_rolls(copied):
    await copied.apply("old", 3, SCALER)
    async with aclosing(copied.applying("new", 3, SCALER)) as events:
        async for event in events:
            if event.step is ADMITTED:
                copied.live["spec"]["replicas"] = 6

    assert set(copied.setups()) == {"new"}
    assert len(copied.setups()) >= 3


async def test_a_trial_that_a_killed_roll_left_is_deleted(copied):
    stray = pod_objects.pod("xiongichat-api-trial-abc", owner=None)
    del stray["metadata"]["labels"]["app.kubernetes.io/name"]
    copied.cluster.put(stray)

    await copied.apply("old")

    assert "xiongichat-api-trial-abc" not in copied.cluster.pods
