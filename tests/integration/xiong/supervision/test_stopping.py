"""Stopping one process, all processes, and the supervisor itself."""

from __future__ import annotations

import os
import signal
import time

import pytest

from supervised import SLEEPER, Place
from xiong.platforms.local.supervision import ChildState, proc
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.errors import (
    ProcessFailedError,
    SupervisorNotRunningError,
    UnknownProcessError,
)

DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('up', flush=True)
while True: signal.pause()
"""
POLITE = """
import signal, sys
def end(*_):
    print('ended politely', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print('up', flush=True)
while True: signal.pause()
"""


async def test_a_process_is_asked_to_end_and_given_the_time_for_it(place: Place) -> None:
    await place.client.ensure(place.spec("api-1", POLITE))
    await place.printed("api-1", "up")
    stopped = await place.client.stop("api-1")
    assert stopped.state is ChildState.STOPPED
    assert stopped.pid is None
    assert stopped.detail == ""
    assert "ended politely" in place.log("api-1")
    assert [status.name for status in await place.client.list()] == ["api-1"]


async def test_a_process_that_does_not_end_is_killed_after_its_grace(place: Place) -> None:
    before = await place.client.ensure(place.spec("api-1", DEAF, stop_grace_s=0.3))
    assert before.pid is not None
    await place.printed("api-1", "up")
    began = time.monotonic()
    stopped = await place.client.stop("api-1")
    assert 0.3 <= time.monotonic() - began < 3
    assert stopped.state is ChildState.STOPPED
    assert "did not end within 0.3 s and was killed" in stopped.detail
    assert proc.identify(before.pid) is None


async def test_the_stop_signal_is_the_one_of_the_spec(place: Place) -> None:
    code = POLITE.replace("SIGTERM", "SIGINT")
    await place.client.ensure(place.spec("postgres", code, stop_signal=signal.SIGINT))
    await place.printed("postgres", "up")
    await place.client.stop("postgres", grace=5)
    assert "ended politely" in place.log("postgres")


async def test_what_a_stopped_process_leaves_running_is_killed(place: Place) -> None:
    code = f"""
import subprocess, sys, signal
left = subprocess.Popen([sys.executable, "-S", "-c", {SLEEPER!r}])
print(left.pid, 'up', flush=True)
signal.pause()
"""
    await place.client.ensure(place.spec("api-1", code))
    left = proc.identify(int((await place.printed("api-1", "up")).split()[0]))
    assert left is not None
    await place.client.stop("api-1")
    assert await proc.gone(left, 5.0)


async def test_a_forgotten_process_is_not_listed_any_more(place: Place) -> None:
    await place.client.ensure(place.spec("api-1"))
    await place.client.stop("api-1", forget=True)
    assert await place.client.list() == []
    with pytest.raises(UnknownProcessError):
        await place.client.stop("api-1")


async def test_a_stopped_process_stays_stopped_when_the_supervisor_comes_back(place: Place) -> None:
    await place.client.ensure(place.spec("api-1"))
    await place.client.stop("api-1")
    await place.kill_supervision()
    await place.start()
    assert (await place.status("api-1")).state is ChildState.STOPPED


async def test_a_signal_reaches_the_process(place: Place) -> None:
    code = DEAF.replace("SIGTERM, signal.SIG_IGN", "SIGUSR1, lambda *_: print('told', flush=True)")
    await place.client.ensure(place.spec("api-1", code))
    await place.printed("api-1", "up")
    await place.client.signal("api-1", signal.SIGUSR1)
    await place.printed("api-1", "told")


async def test_a_stopped_process_cannot_be_signalled_or_drained(place: Place) -> None:
    await place.client.ensure(place.spec("api-1"))
    await place.client.stop("api-1")
    with pytest.raises(ProcessFailedError, match="does not run"):
        await place.client.signal("api-1", signal.SIGUSR1)
    with pytest.raises(ProcessFailedError, match="only a running process"):
        await place.client.set_state_draining("api-1")


async def test_after_an_orderly_shutdown_nothing_is_left(place: Place) -> None:
    serving, guard = place.serving(), place.guard()
    assert serving is not None
    assert guard is not None
    children = [await place.client.ensure(place.spec(name)) for name in ("db", "api-1", "api-2")]
    await place.client.shutdown(stop_children=True)
    assert not proc.alive(serving)
    assert not proc.alive(guard)
    assert not any(proc.identify(child.pid or 0) for child in children)
    assert place.ours() == []
    with pytest.raises(SupervisorNotRunningError) as caught:
        async with SupervisorClient(place.folder):
            pass
    assert caught.value.hint == "xiong up"
    await place.start()
    assert {status.state for status in await place.client.list()} == {ChildState.STOPPED}


async def test_a_supervisor_may_leave_its_processes_to_the_next_one(place: Place) -> None:
    child = await place.client.ensure(place.spec("api-1"))
    await place.client.shutdown(stop_children=False)
    assert place.serving() is None
    assert proc.identify(child.pid or 0) is not None
    await place.start()
    assert (await place.status("api-1")).pid == child.pid


async def test_a_terminated_supervisor_stops_all_in_reverse_order_and_the_next_one_starts_them(
    place: Place,
) -> None:
    note = place.folder / "order"
    for name in ("db", "cache", "api-1"):
        code = POLITE.replace(
            "    sys.exit(0)", f"    open({str(note)!r}, 'a').write('{name} '); sys.exit(0)"
        )
        await place.client.ensure(place.spec(name, code))
        await place.printed(name, "up")
    serving = place.serving()
    assert serving is not None
    os.kill(serving.pid, signal.SIGTERM)
    assert await proc.gone(serving, 10.0)
    assert note.read_text().split() == ["api-1", "cache", "db"]
    assert place.ours() == []
    await place.start()
    for name in ("db", "cache", "api-1"):
        assert (await place.client.wait_ready(name, 5)).pid is not None


async def test_a_shutdown_asked_for_twice_is_one_shutdown(place: Place) -> None:
    serving = place.serving()
    assert serving is not None
    await place.client.ensure(place.spec("api-1", DEAF, stop_grace_s=0.5))
    await place.printed("api-1", "up")
    os.kill(serving.pid, signal.SIGTERM)
    os.kill(serving.pid, signal.SIGTERM)
    assert await proc.gone(serving, 10.0)
    assert place.ours() == []


async def test_a_hung_process_is_restarted_after_the_grace_that_is_asked_for(place: Place) -> None:
    before = await place.client.ensure(place.spec("api-1", POLITE, stop_grace_s=600))
    assert before.pid is not None
    await place.printed("api-1", "up")
    os.kill(before.pid, signal.SIGSTOP)
    after = await place.client.restart("api-1", grace=0.2)
    assert after.pid not in (None, before.pid)
    assert proc.identify(before.pid) is None
    assert "ended politely" not in place.log("api-1")


async def test_start_leaves_a_running_process_alone_and_starts_one_that_was_given_up(place: Place) -> None:
    running = await place.client.ensure(place.spec("api-1"))
    assert (await place.client.start("api-1")).pid == running.pid
    await place.client.ensure(place.spec("api-2", "raise SystemExit(1)", max_restarts=0))
    await place.seen("api-2", lambda status: status.state is ChildState.FAILED, "given up")
    began = (await place.client.start("api-2")).since
    failed = await place.seen("api-2", lambda s: s.state is ChildState.FAILED and s.since >= began, "again")
    assert "exited with status 1" in failed.detail
    await place.client.stop("api-1")
    assert (await place.client.start("api-1")).pid not in (None, running.pid)
    with pytest.raises(UnknownProcessError):
        await place.client.start("api-9")
