"""`xiong watch` on a whole copy: it cures what it can, and keeps its hands off what it cannot."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

import broken_releases
from copies import Copy, finished, open_folder
from xiong.model.recovery import ActionOutcome, ActionRecord
from xiong.operations.notices import list_notices
from xiong.operations.recovery.ledger import Ledger
from xiong.operations.recovery.memory import MemoryStore
from xiong.platforms.local.supervision.spec import ProcessSpec
from xiong.tools.clock import SystemClock, wait_for

pytestmark = pytest.mark.drill


@contextmanager
def healed_copy(append: str = "", **environment: str) -> Iterator[Copy]:
    """Runs one; its release ends with these lines."""
    made = Copy(
        open_folder(),
        XIONG_WATCH__ENABLED="true",
        XIONG_WATCH__CYCLE_SECONDS="1",
        XIONG_RECOVERY__WINDOW_SECONDS="5",
        **environment,
    )
    made.change(broken_releases.MAIN, append=append)
    try:
        made.up()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with healed_copy() as made:
        yield made


def until(condition, what: str, seconds: float) -> None:
    async def true() -> bool:
        return bool(await condition())

    finished(wait_for(true, what=what, seconds=seconds, clock=SystemClock(), every=0.5))


def actions(copy: Copy, check: str) -> list[ActionRecord]:
    return [r for r in finished(Ledger(copy.platform().records).read()) if r.check == check]


def told(copy: Copy) -> list[str]:
    return [notice.title for notice in finished(list_notices(copy.platform().records))]


def well(copy: Copy):
    """Whether nothing is ill, suspected or observed."""

    async def all_healthy() -> bool:
        memory = await MemoryStore(copy.platform().records).load()
        return bool(memory.checks) and all(c.condition == "healthy" for c in memory.checks.values())

    return all_healthy


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """The process and its children stand still for the body."""
    top = psutil.Process(pid)
    family = [top, *top.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            process.resume()


def test_a_replica_that_hangs_is_restarted_and_found_well(copy):
    until(well(copy), "all healthy", 60)
    os.kill(copy.pid("api-1"), signal.SIGSTOP)

    async def ended() -> bool:
        found = [r for r in await Ledger(copy.platform().records).read() if r.check == "api"]
        return bool(found) and found[-1].outcome is not ActionOutcome.BEGUN

    until(ended, "an action for api that ended", 90)
    until(well(copy), "all healthy again", 60)

    [record] = actions(copy, "api")
    assert (record.action, record.target, record.cause) == ("restart-replica", "api-1", "hung")
    assert record.outcome is ActionOutcome.DONE
    assert told(copy) == []


def test_a_database_that_hangs_for_two_minutes_costs_no_replica_and_one_notice_also_over_a_kill_9(copy):
    until(well(copy), "all healthy", 60)
    before = len(actions(copy, "api"))
    pids = {i.name: i.identity for i in copy.instances("api")}
    clock = SystemClock()

    with frozen(copy.pid("postgres")):
        begun = clock.monotonic()

        async def half() -> bool:
            return clock.monotonic() - begun > 60

        async def whole() -> bool:
            return clock.monotonic() - begun > 120

        until(half, "one minute", 90)
        os.kill(copy.pid("watch"), signal.SIGKILL)
        until(whole, "two minutes", 90)
        assert told(copy) == ["database needs a human: hung"]
    until(well(copy), "all healthy again", 90)

    assert len(actions(copy, "api")) == before
    assert {i.name: i.identity for i in copy.instances("api")} == pids
    assert actions(copy, "database") == []
    assert told(copy) == ["database needs a human: hung"]


def test_a_release_that_crash_loops_is_left_alone_once_it_is_given_up_and_people_are_told_once():
    old = {"XIONG_RECOVERY__YOUNG_RELEASE_MINUTES": "0"}
    with healed_copy(broken_releases.CRASHES_ONCE_TOLD, **old) as copy:
        until(well(copy), "all healthy", 60)
        (copy.state / "spool" / "crash-loop").touch()
        for name in ("api-0", "api-1"):
            os.kill(copy.pid(name), signal.SIGKILL)

        async def frozen_for_people() -> bool:
            return (await MemoryStore(copy.platform().records).load()).of("api").condition == "frozen"

        until(frozen_for_people, "given up, and frozen", 180)
        given_up, seen_at = {i.name: i.restarts for i in copy.instances("api")}, SystemClock().monotonic()

        async def later() -> bool:
            return SystemClock().monotonic() - seen_at > 20

        until(later, "twenty cycles more", 40)
        assert given_up == {i.name: i.restarts for i in copy.instances("api")}
        assert all(restarts == ProcessSpec.max_restarts for restarts in given_up.values())
        assert actions(copy, "api") == []
        assert told(copy) == ["api needs a human: crash-loop"]
