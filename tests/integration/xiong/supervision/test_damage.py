"""What lies on disk is damaged, or nothing can be written: the service goes on as far as it can."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from supervised import SLEEPER, Place, until
from xiong.platforms.local.supervision import ChildState, logs, proc
from xiong.platforms.local.supervision.errors import StateCorruptError, SupervisorStartError
from xiong.platforms.local.supervision.journal import Journal, Record


async def test_a_damaged_state_file_costs_one_step_of_history_and_no_process(place: Place) -> None:
    before = [(await place.client.ensure(place.spec(name))).pid for name in ("db", "api-1")]
    await place.kill_supervision()
    state = place.folder / "supervisor.json"
    state.write_bytes(state.read_bytes()[:-40])
    await place.start()
    assert [status.pid for status in await place.client.list()] == before
    assert (place.folder / "supervisor.json.damaged").exists()
    assert "the state file was damaged" in (place.folder / "logs" / "supervisor.log").read_text()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\0" * 64, b'{"version": 99}', b"\xff\xfe"])
async def test_with_both_copies_damaged_it_says_so_and_touches_nothing(place: Place, content: bytes) -> None:
    child = await place.client.ensure(place.spec("api-1"))
    await place.kill_supervision()
    for name in ("supervisor.json", "supervisor.json.previous"):
        (place.folder / name).write_bytes(content)
    with pytest.raises(SupervisorStartError, match="state cannot be read"):
        await place.start()
    assert proc.identify(child.pid or 0) is not None
    for name in ("supervisor.json", "supervisor.json.previous"):
        (place.folder / name).unlink()
    await place.start()
    again = await place.client.ensure(place.spec("api-1"))
    assert again.pid != child.pid
    assert proc.identify(child.pid or 0) is None, "two processes of one name would run"


async def test_a_process_of_a_lost_state_file_is_ended_before_another_is_started(place: Place) -> None:
    wipe = f"import os, sys; os.execve(sys.executable, [sys.executable, '-S', '-c', {SLEEPER!r}], {{}})"
    specs = [place.spec("db"), place.spec("valkey", wipe)]
    before = [(await place.client.ensure(spec)).pid or 0 for spec in specs]

    async def wiped() -> bool:
        return proc.tag(before[1]) is None

    await until(wiped, "the environment wiped")
    await place.kill_supervision()
    for name in ("supervisor.json", "supervisor.json.previous"):
        (place.folder / name).unlink()
    await place.start()
    after = [(await place.client.ensure(spec)).pid for spec in specs]
    assert [proc.identify(pid) for pid in before] == [None, None]
    assert all(pid is not None for pid in after)


async def test_processes_that_share_a_log_are_not_taken_for_each_other(place: Place) -> None:
    wipe = f"import os, sys; os.execve(sys.executable, [sys.executable, '-S', '-c', {SLEEPER!r}], {{}})"
    log = str(place.folder / "logs" / "shared.log")
    first = (await place.client.ensure(place.spec("api-1", wipe, log_path=log))).pid or 0

    async def wiped() -> bool:
        return proc.tag(first) is None

    await until(wiped, "the environment wiped")
    second = (await place.client.ensure(place.spec("api-2", log_path=log))).pid
    assert second != first
    assert (await place.status("api-1")).pid == first


async def test_no_test_leaves_a_process_behind_that_wiped_its_environment(place: Place) -> None:
    wipe = f"import os, sys; os.execve(sys.executable, [sys.executable, '-S', '-c', {SLEEPER!r}], {{}})"
    wiped = (await place.client.ensure(place.spec("valkey", wipe))).pid or 0

    async def untagged() -> bool:
        return proc.tag(wiped) is None

    await until(untagged, "the environment wiped")
    identity = proc.identify(wiped)
    assert identity is not None
    await place.clear()
    assert not proc.alive(identity)


async def test_a_full_disk_is_told_and_stops_neither_supervisor_nor_processes(place: Place) -> None:
    serving = place.serving()
    assert serving is not None
    await place.client.ensure(place.spec("db"))
    # A file size limit of nothing refuses every write, as a full disk does.
    resource.prlimit(serving.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    child = await place.client.ensure(place.spec("api-1"))
    assert child.state is ChildState.READY
    assert "the state file cannot be written" in child.detail
    assert child.pid is not None
    os.kill(child.pid, 9)
    await place.replaced("api-1", child.pid)
    resource.prlimit(serving.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await place.seen("api-1", lambda status: "cannot be written" not in status.detail, "saved")
    assert [entry["spec"]["name"] for entry in place.state()["processes"]] == ["db", "api-1"]
    assert place.serving() == serving


async def test_a_log_that_cannot_be_written_does_not_keep_the_process_down(place: Place) -> None:
    (place.folder / "file").write_text("no folder")
    child = await place.client.ensure(place.spec("api-1", log_path=str(place.folder / "file" / "api.log")))
    assert child.state is ChildState.READY
    assert "its log cannot be written" in child.detail


def test_a_journal_survives_a_trip_through_the_disk(tmp_path: Path, record: Record) -> None:
    journal = Journal(tmp_path)
    journal.records[record.spec.name] = record
    assert journal.save()
    read = Journal(tmp_path)
    read.load()
    assert read.records == journal.records
    assert not read.fresh_boot
    assert read.run


def test_a_journal_that_cannot_be_written_keeps_the_old_file(tmp_path: Path, record: Record) -> None:
    journal = Journal(tmp_path)
    assert journal.save()
    content = journal.file.read_bytes()
    journal.records[record.spec.name] = record
    (tmp_path / ".supervisor.json.new").mkdir()
    assert not journal.save()
    assert journal.problem is not None
    assert "Is a directory" in journal.problem
    assert journal.file.read_bytes() == content
    (tmp_path / ".supervisor.json.new").rmdir()
    assert journal.save()
    assert journal.problem is None


def test_a_journal_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    Journal(tmp_path).save()
    path = tmp_path / "supervisor.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(StateCorruptError, match="version 2, expected 1"):
        Journal(tmp_path).load()


async def test_a_log_is_rotated_while_it_is_written_and_three_old_ones_are_kept(place: Place) -> None:
    code = "import sys, time\nfor n in range(10**9): print(n, 'x' * 200, flush=True); time.sleep(0.0005)"
    await place.client.ensure(place.spec("api-1", code, log_max_bytes=20_000))
    log = place.folder / "logs" / "api-1.log"
    await place.seen("api-1", lambda _: log.with_name("api-1.log.1").exists(), "rotated")
    await place.printed("api-1", "x")
    assert log.stat().st_size < log.with_name("api-1.log.1").stat().st_size * 10


def test_rotation_moves_the_old_ones_along_and_drops_the_fourth(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for text in ("one", "two", "three", "four", "five"):
        log.write_text(text * 10)
        assert logs.rotate(str(log), 5)
        assert log.read_bytes() == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2", "a.log.3"]
    assert (tmp_path / "a.log.1").read_text() == "five" * 10
    assert (tmp_path / "a.log.3").read_text() == "three" * 10


def test_a_small_or_missing_log_is_left_alone(tmp_path: Path) -> None:
    assert not logs.rotate(str(tmp_path / "missing.log"), 5)
    (tmp_path / "a.log").write_text("tiny")
    assert not logs.rotate(str(tmp_path / "a.log"), 5)


def test_a_rotation_that_fails_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("content")
    (tmp_path / "a.log.rotating").mkdir()
    with pytest.raises(OSError, match="directory"):
        logs.rotate(str(log), 1)
    assert log.read_text() == "content"
