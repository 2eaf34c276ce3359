"""What happens when a process dies: it is restarted at once, later, or not any more."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import time

import pytest

from supervised import SLEEPER, Place, until
from xiong.platforms.local.supervision import ChildState, Probe, logs, proc
from xiong.platforms.local.supervision.errors import ProcessFailedError

DIES = "import sys; sys.exit(3)"


async def test_a_killed_process_runs_again_within_a_fraction_of_a_second(place: Place) -> None:
    before = await place.client.ensure(place.spec("api-1"))
    assert before.pid is not None
    await place.client.wait_ready("api-1", 5)
    killed = time.time()
    os.kill(before.pid, signal.SIGKILL)
    after = await place.replaced("api-1", before.pid)
    assert after.create_time is not None
    assert after.create_time - killed < 0.3
    assert after.restarts == 1
    assert "killed by SIGKILL" in after.detail


async def test_a_process_that_keeps_dying_is_given_up_and_ensured_again_it_is_tried_again(
    place: Place,
) -> None:
    spec = place.spec("api-1", DIES, max_restarts=2, ready=Probe(kind="tcp", port=1))
    await place.client.ensure(spec)
    given_up = await place.seen("api-1", lambda status: status.state is ChildState.FAILED, "given up")
    assert given_up.pid is None
    assert given_up.restarts == 2
    assert "status 3" in given_up.detail
    assert "restarted 2 times within 60 s" in given_up.detail
    again = await place.client.ensure(spec)
    assert again.state in (ChildState.STARTING, ChildState.BACKOFF)
    again = await place.seen("api-1", lambda status: status.state is ChildState.FAILED, "given up again")
    assert again.restarts == 4


async def test_restarts_come_slower_the_more_there_were(place: Place) -> None:
    stamp = "import time; print(time.monotonic(), flush=True); raise SystemExit(1)"
    await place.client.ensure(place.spec("api-1", stamp, max_restarts=4))
    await place.seen("api-1", lambda status: status.state is ChildState.FAILED, "given up")
    moments = [float(line) for line in place.log("api-1").split()]
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert len(gaps) == 4
    assert gaps[3] > 0.35
    assert gaps[2] > 0.15


async def test_waiting_for_a_process_that_dies_ends_at_once_with_its_last_words(place: Place) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    with taken:
        port = taken.getsockname()[1]
        code = f"import socket; socket.create_server(('127.0.0.1', {port}))"
        await place.client.ensure(
            place.spec("api-1", code, ready=Probe(kind="http", url="http://127.0.0.1:1/"))
        )
        with pytest.raises(ProcessFailedError) as caught:
            await place.client.wait_ready("api-1", 10, deaths_allowed=0)
    assert "api-1 died before it was ready: exited with status 1" in caught.value.message
    assert "Address already in use" in caught.value.message


async def test_the_last_words_of_a_process_are_told_without_personal_data(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.folder / "a.log").write_text("".join(f"line {number}\n" for number in range(100)) + "\n\n")
    tail = logs.tail(str(place.folder / "a.log"))
    assert tail.splitlines() == [f"line {number}" for number in range(95, 100)]
    monkeypatch.setattr("redaction.redact", lambda text: text.replace("line 99", "[REDACTED]"))
    assert logs.without_personal_data(tail).endswith("line 98\n[REDACTED]")
    monkeypatch.delattr("redaction.redact")
    assert logs.without_personal_data(tail) == (
        "(the log is not quoted, it may hold personal data: AttributeError)"
    )
    assert logs.tail(str(place.folder / "missing.log")) == ""


async def test_a_program_that_is_not_there_is_a_failure_that_names_it(place: Place) -> None:
    await place.client.ensure(place.spec("api-1", argv=("/no/such/program",), max_restarts=1))
    with pytest.raises(ProcessFailedError, match="/no/such/program"):
        await place.client.wait_ready("api-1", 10)


async def test_a_folder_that_is_not_there_is_a_failure_that_names_it(place: Place) -> None:
    await place.client.ensure(place.spec("api-1", cwd="/no/such/folder", max_restarts=1))
    with pytest.raises(ProcessFailedError, match="the folder /no/such/folder is not there"):
        await place.client.wait_ready("api-1", 10)


async def test_a_process_that_may_end_is_not_restarted(place: Place) -> None:
    await place.client.ensure(place.spec("task", "pass", restart="never"))
    await place.client.ensure(place.spec("job", DIES, restart="never"))
    ended = await place.seen("task", lambda status: status.state is ChildState.STOPPED, "ended")
    failed = await place.seen("job", lambda status: status.state is ChildState.FAILED, "failed")
    assert "status 0" in ended.detail
    assert "status 3" in failed.detail
    assert ended.restarts == failed.restarts == 0


async def test_what_a_dead_process_leaves_running_is_killed_before_it_is_started_again(place: Place) -> None:
    code = f"""
import subprocess, sys, signal
same = subprocess.Popen([sys.executable, "-S", "-c", {SLEEPER!r}], env={{}})
other = subprocess.Popen([sys.executable, "-S", "-c", {SLEEPER!r}], start_new_session=True)
print(same.pid, other.pid, "up", flush=True)
signal.pause()
"""
    before = await place.client.ensure(place.spec("api-1", code))
    assert before.pid is not None
    words = (await place.printed("api-1", "up")).split()
    left = [proc.identify(int(word)) for word in words[:2]]
    assert None not in left
    os.kill(before.pid, signal.SIGKILL)
    await place.replaced("api-1", before.pid)
    for identity in left:
        assert identity is not None
        assert await proc.gone(identity, 5.0)


async def test_an_unchanged_spec_leaves_the_process_alone_and_a_changed_one_replaces_it(place: Place) -> None:
    spec = place.spec("api-1", release_id="0.1.0-one")
    first = await place.client.ensure(spec)
    assert first.release_id == "0.1.0-one"
    same = await place.client.ensure(place.spec("api-1", release_id="0.1.0-one", labels={"slot": "1"}))
    assert same.pid == first.pid
    assert same.labels == {"slot": "1"}
    other = await place.client.ensure(place.spec("api-1", release_id="0.1.0-two"))
    assert other.pid != first.pid
    assert other.release_id == "0.1.0-two"


async def test_a_process_gets_the_given_environment_and_nothing_else(place: Place) -> None:
    code = "import json, os; print(json.dumps(dict(os.environ)), 'end', flush=True)\n" + SLEEPER
    await place.client.ensure(place.spec("api-1", code, env={"LC_ALL": "C.UTF-8", "KEY": "a value"}))
    printed = await place.printed("api-1", "end")
    assert '"KEY": "a value"' in printed
    assert "PATH" not in printed
    assert "PYTHON" not in printed


async def test_a_process_restarted_by_request_begins_with_a_clean_record(place: Place) -> None:
    first = await place.client.ensure(place.spec("api-1"))
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    second = await place.replaced("api-1", first.pid)
    third = await place.client.restart("api-1")
    assert third.pid not in (first.pid, second.pid, None)
    assert third.detail == ""
    assert (await place.client.wait_ready("api-1", 5, deaths_allowed=0)).pid == third.pid


async def test_twenty_processes_killed_at_once_all_come_back(place: Place) -> None:
    names = [f"api-{number}" for number in range(20)]
    old = {name: (await place.client.ensure(place.spec(name))).pid for name in names}
    for pid in old.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    async def all_replaced() -> bool:
        return all(status.pid not in (None, old[status.name]) for status in await place.client.list())

    await until(all_replaced, "all replaced")
