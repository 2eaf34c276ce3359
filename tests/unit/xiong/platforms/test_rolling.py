"""The shared rolling algorithm over replicas that exist only in memory."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from xiong.errors import DeadlineError, PlatformError, RolloutError
from xiong.model.instance import Instance, InstanceState, ReplicaStep
from xiong.model.release import Release, SchemaSupport
from xiong.platforms.rolling import replace as take_over
from xiong.platforms.rolling import roll

NEW = Release("new", "2", "sha256:2", datetime(2026, 1, 1, tzinfo=UTC), SchemaSupport((), ()), "tree")


class Memory:
    """A driver that remembers the fewest and the most replicas that ever served."""

    def __init__(self, *releases, fails=False):
        self.present = [
            Instance(f"api-{n}", "api", r, InstanceState.READY, None, str(n)) for n, r in enumerate(releases)
        ]
        self.numbers = iter(range(len(releases), 1000))
        self.fails = fails
        self.serving = [len(releases)]

    async def replicas(self):
        return list(self.present)

    async def fits(self, replica, release):
        return replica.release_id == release.id

    async def start(self, release):
        number = next(self.numbers)
        replica = Instance(f"api-{number}", "api", release.id, InstanceState.STARTING, None, str(number))
        self.present.append(replica)
        return replica

    async def await_ready(self, replica, release):
        if self.fails:
            raise DeadlineError("not ready")
        return self._change(replica, InstanceState.READY)

    async def admit(self, replica):
        self._count()

    async def drain(self, replica):
        self._change(replica, InstanceState.DRAINING)
        self._count()

    async def stop(self, replica):
        self.present = [r for r in self.present if r.name != replica.name]

    def _change(self, replica, state):
        changed = replace(replica, state=state)
        self.present = [changed if r.name == replica.name else r for r in self.present]
        return changed

    def _count(self):
        self.serving.append(sum(r.state is InstanceState.READY for r in self.present))


async def run(driver, replicas):
    return [event async for event in roll(driver, NEW, replicas)]


async def test_a_roll_never_serves_with_fewer_and_never_with_more_than_one_extra():
    driver = Memory("old", "old", "old")

    await run(driver, 3)

    assert [r.release_id for r in driver.present] == ["new"] * 3
    assert (min(driver.serving), max(driver.serving)) == (3, 4)


async def test_each_replica_is_admitted_before_an_old_one_is_drained():
    events = await run(Memory("old"), 1)

    assert [e.step for e in events] == [
        ReplicaStep.STARTED,
        ReplicaStep.READY,
        ReplicaStep.ADMITTED,
        ReplicaStep.DRAINED,
        ReplicaStep.STOPPED,
    ]


async def test_a_replica_that_never_gets_ready_is_stopped_and_the_old_ones_serve_on():
    driver = Memory("old", "old", fails=True)

    with pytest.raises(RolloutError, match="not ready"):
        await run(driver, 2)

    assert [(r.release_id, r.state) for r in driver.present] == [("old", InstanceState.READY)] * 2


async def test_a_roll_that_was_cut_short_is_completed_by_the_next():
    driver = Memory("old", "old", "old")
    events = roll(driver, NEW, 3)
    async for event in events:
        if event.step is ReplicaStep.DRAINED:
            break
    await events.aclose()

    await run(driver, 3)

    assert [r.release_id for r in driver.present] == ["new"] * 3


async def test_what_runs_already_is_left_alone():
    driver = Memory("new", "new")

    assert await run(driver, 2) == []


async def test_scaling_up_and_down_touches_only_the_difference():
    driver = Memory("new", "new")

    await run(driver, 4)
    assert len(driver.present) == 4
    await run(driver, 1)

    assert [r.name for r in driver.present] == ["api-0"]


async def test_a_replica_that_was_never_admitted_goes_before_one_that_serves():
    driver = Memory("old", "old", "left")
    driver.present[2] = replace(driver.present[2], state=InstanceState.STARTING)

    events = await run(driver, 2)

    assert [e.instance.name for e in events if e.step is ReplicaStep.STOPPED] == ["api-2", "api-0", "api-1"]


async def test_a_failed_replica_is_replaced():
    driver = Memory("new", "new")
    driver.present[0] = replace(driver.present[0], state=InstanceState.FAILED)

    await run(driver, 2)

    assert [r.name for r in driver.present] == ["api-1", "api-2"]


async def test_a_replica_is_replaced_by_one_that_serves_before_it_goes():
    driver = Memory("new", "new")

    steps = [event.step async for event in take_over(driver, "api-0", NEW)]

    assert steps == [
        ReplicaStep.STARTED,
        ReplicaStep.READY,
        ReplicaStep.ADMITTED,
        ReplicaStep.DRAINED,
        ReplicaStep.STOPPED,
    ]
    assert [r.name for r in driver.present] == ["api-1", "api-2"]
    assert min(driver.serving) == 2


async def test_a_replica_whose_successor_fails_is_not_touched():
    driver = Memory("new", "new", fails=True)

    with pytest.raises(RolloutError):
        [event async for event in take_over(driver, "api-0", NEW)]

    assert [(r.name, r.state) for r in driver.present] == [
        ("api-0", InstanceState.READY),
        ("api-1", InstanceState.READY),
    ]


async def test_a_replica_that_was_given_up_makes_room_first():
    driver = Memory("new", "new")
    driver._change(driver.present[0], InstanceState.FAILED)

    steps = [event.step async for event in take_over(driver, "api-0", NEW)]

    assert steps[0] is ReplicaStep.STOPPED
    assert [r.name for r in driver.present] == ["api-1", "api-2"]


async def test_what_is_no_replica_is_not_replaced():
    driver = Memory("new")

    with pytest.raises(PlatformError, match="no replica postgres is here"):
        [event async for event in take_over(driver, "postgres", NEW)]

    assert len(driver.present) == 1
