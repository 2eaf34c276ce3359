"""The supervisor is killed: its processes serve on and are found again; strangers are never touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from supervised import SLEEPER, Place, until
from xiong.platforms.local.supervision import ChildState, proc


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is none of the supervisor's business; like ours, it leads a session."""
    yield from _other_process(start_new_session=True)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the session that runs the tests."""
    yield from _other_process(start_new_session=False)


def _other_process(*, start_new_session: bool) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-S", "-c", SLEEPER]
    process = subprocess.Popen(argv, env={}, start_new_session=start_new_session)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _kill_supervisor(place: Place) -> int:
    """Kills it and waits until the guard has brought another; gives the new pid."""
    old = place.serving()
    assert old is not None
    proc.send(old, signal.SIGKILL)
    assert await proc.gone(old, 5.0)
    pid = await place.client.ping()
    assert pid != old.pid
    return pid


async def test_a_killed_supervisor_is_back_within_a_second_and_no_process_noticed(place: Place) -> None:
    before = [(await place.client.ensure(place.spec(name))).pid for name in ("db", "api-1", "api-2")]
    began = time.monotonic()
    await _kill_supervisor(place)
    assert time.monotonic() - began < 1.5
    assert [status.pid for status in await place.client.list()] == before
    assert before[1] is not None
    os.kill(before[1], signal.SIGKILL)
    assert (await place.replaced("api-1", before[1])).restarts == 1
    assert (await place.status("db")).pid == before[0]


async def test_a_supervisor_killed_again_and_again_comes_back_each_time(place: Place) -> None:
    before = (await place.client.ensure(place.spec("api-1"))).pid
    for _ in range(3):
        await _kill_supervisor(place)
    assert (await place.status("api-1")).pid == before


async def test_a_killed_guard_is_replaced_and_the_new_one_does_its_work(place: Place) -> None:
    old = place.guard()
    assert old is not None
    proc.send(old, signal.SIGKILL)

    async def another() -> bool:
        guard = place.guard()
        return guard is not None and guard != old

    await until(another, "another guard")
    await _kill_supervisor(place)


async def test_supervisor_and_guard_killed_the_next_start_adopts_what_runs(place: Place) -> None:
    before = [(await place.client.ensure(place.spec(name))).pid for name in ("db", "api-1")]
    await place.kill_supervision()
    assert place.serving() is None
    await place.start()
    assert [status.pid for status in await place.client.list()] == before
    assert place.guard() is not None


async def test_a_process_that_died_meanwhile_is_started_again(place: Place) -> None:
    before = [(await place.client.ensure(place.spec(name))).pid for name in ("db", "api-1")]
    await place.kill_supervision()
    assert before[1] is not None
    identity = proc.identify(before[1])
    assert identity is not None
    proc.send(identity, signal.SIGKILL)
    assert await proc.gone(identity, 5.0)
    await place.start()
    after = await place.replaced("api-1", before[1])
    assert after.restarts == 1
    assert "no supervisor was running" in after.detail
    assert (await place.status("db")).pid == before[0]


async def test_a_process_started_just_before_the_crash_is_found_by_its_mark(place: Place) -> None:
    before = (await place.client.ensure(place.spec("api-1"))).pid
    await place.kill_supervision()
    document = place.state()
    document["processes"][0]["identity"] = None
    place.write_state(document)
    await place.start()
    assert (await place.status("api-1")).pid == before


async def test_a_process_that_wiped_its_environment_is_found_by_its_log(place: Place) -> None:
    code = f"import os, sys; os.execve(sys.executable, [sys.executable, '-S', '-c', {SLEEPER!r}], {{}})"
    before = (await place.client.ensure(place.spec("valkey", code))).pid
    assert before is not None

    async def wiped() -> bool:
        return proc.tag(before) is None

    await until(wiped, "the environment wiped")
    await place.kill_supervision()
    document = place.state()
    document["processes"][0]["identity"] = None
    place.write_state(document)
    await place.start()
    found = (await place.status("valkey")).pid
    await place.client.stop("valkey")
    assert found == before


async def test_a_stop_that_the_crash_cut_short_is_finished(place: Place) -> None:
    before = (await place.client.ensure(place.spec("api-1"))).pid
    await place.kill_supervision()
    document = place.state()
    document["processes"][0]["wanted"] = False
    place.write_state(document)
    await place.start()
    await place.seen("api-1", lambda status: status.state is ChildState.STOPPED, "stopped")
    assert proc.identify(before or 0) is None


async def test_draining_outlives_the_supervisor_and_ensure_ends_it(place: Place) -> None:
    spec = place.spec("api-1")
    before = await place.client.ensure(spec)
    assert (await place.client.set_state_draining("api-1")).state is ChildState.DRAINING
    await _kill_supervisor(place)
    assert (await place.status("api-1")).state is ChildState.DRAINING
    after = await place.client.ensure(spec)
    assert after.pid != before.pid
    assert after.state is ChildState.READY


async def test_a_failure_outlives_the_supervisor(place: Place) -> None:
    await place.client.ensure(place.spec("api-1", "raise SystemExit(4)", max_restarts=0))
    await place.seen("api-1", lambda status: status.state is ChildState.FAILED, "failed")
    await _kill_supervisor(place)
    status = await place.status("api-1")
    assert status.state is ChildState.FAILED
    assert "status 4" in status.detail


async def test_a_reused_pid_is_neither_adopted_nor_killed(
    place: Place, stranger: subprocess.Popen[bytes]
) -> None:
    before = await place.client.ensure(place.spec("api-1"))
    await place.kill_supervision()
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    document = place.state()
    document["processes"][0]["identity"]["pid"] = stranger.pid
    document["guard"]["pid"] = stranger.pid
    place.write_state(document)
    await place.start()
    assert (await place.replaced("api-1", before.pid)).pid != stranger.pid
    await place.client.shutdown(stop_children=True)
    assert stranger.poll() is None


async def test_a_process_that_leads_no_session_is_not_taken_for_ours(
    place: Place, bystander: subprocess.Popen[bytes]
) -> None:
    await place.client.ensure(place.spec("api-1"))
    await place.kill_supervision()
    identity = proc.identify(bystander.pid)
    assert identity is not None
    document = place.state()
    document["processes"][0]["identity"] = vars(identity)
    document["guard"] = None
    place.write_state(document)
    await place.start()
    assert (await place.status("api-1")).pid != bystander.pid
    await place.client.shutdown(stop_children=True)
    assert bystander.poll() is None


async def test_after_a_reboot_everything_wanted_starts_afresh_and_no_old_pid_counts(
    place: Place, stranger: subprocess.Popen[bytes]
) -> None:
    for name in ("db", "api-1", "api-2"):
        await place.client.ensure(place.spec(name))
    await place.client.stop("api-2")
    await place.clear()
    document = place.state()
    document["boot"] = "00000000-0000-0000-0000-000000000000"
    found = proc.identify(stranger.pid)
    assert found is not None
    document["guard"] = vars(found)
    for entry in document["processes"]:
        entry["identity"] = vars(found)
        entry["failed"] = "in another life" if entry["spec"]["name"] == "db" else None
    place.write_state(document)
    await place.start()
    for name in ("db", "api-1"):
        assert (await place.client.wait_ready(name, 5)).pid != stranger.pid
    assert (await place.status("api-2")).state is ChildState.STOPPED
    await place.client.shutdown(stop_children=True)
    assert stranger.poll() is None
