"""One folder, one supervisor; several folders do not know of each other."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from supervised import Place, until
from xiong.errors import ExitCode
from xiong.platforms.local.supervision.errors import SupervisorStartError
from xiong.platforms.local.supervision.starting import start_daemon

DAEMON = "xiong.platforms.local.supervision.daemon"


async def _run_daemon(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", DAEMON, *arguments), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, printed = await process.communicate()
    return process.returncode or 0, printed.decode()


async def test_a_second_supervisor_ends_with_the_code_for_taken(place: Place) -> None:
    serving = place.serving()
    assert serving is not None
    code, printed = await _run_daemon("--state", str(place.folder), "--foreground")
    assert code == ExitCode.LEASE_HELD
    assert f"another supervisor (pid {serving.pid}) serves {place.folder}" in printed
    assert place.serving() == serving
    await place.client.ping()


async def test_starting_what_already_runs_gives_the_one_that_runs(place: Place) -> None:
    serving = place.serving()
    assert serving is not None
    assert await asyncio.gather(place.start(), place.start()) == [serving.pid, serving.pid]


async def test_two_started_in_the_same_moment_become_one(empty_place: Place) -> None:
    first, second = await asyncio.gather(empty_place.start(), empty_place.start())
    assert first == second


async def test_a_folder_with_a_long_name_and_spaces_works(empty_place: Place) -> None:
    assert len(os.fsencode(empty_place.folder)) > 108
    await empty_place.start()
    await empty_place.client.ensure(empty_place.spec("api-1"))
    assert (await empty_place.client.wait_ready("api-1", 5)).pid is not None


async def test_two_folders_run_processes_of_the_same_name_side_by_side(
    place: Place, empty_place: Place
) -> None:
    await empty_place.start()
    first = await place.client.ensure(place.spec("api-1"))
    second = await empty_place.client.ensure(empty_place.spec("api-1"))
    assert first.pid != second.pid
    await place.client.shutdown(stop_children=True)
    assert (await empty_place.status("api-1")).pid == second.pid
    await empty_place.kill_supervision()
    await empty_place.start()
    assert (await empty_place.status("api-1")).pid == second.pid


async def test_state_socket_and_logs_are_for_their_owner_alone(place: Place) -> None:
    await place.client.ensure(place.spec("api-1", env={"SECRET": "s"}))
    for name in ("supervisor.json", "supervisor.sock", "supervisor.lock", "logs/api-1.log"):
        mode = stat.S_IMODE((place.folder / name).stat().st_mode)
        assert mode == 0o600, name
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


async def test_in_the_foreground_there_is_no_guard(empty_place: Place) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", DAEMON, "--state", str(empty_place.folder), "--foreground"),
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def serves() -> bool:
        serving = empty_place.serving()
        return serving is not None and serving.pid == process.pid

    try:
        await until(serves, "the supervisor in the foreground")
        assert await empty_place.start() == process.pid
        assert empty_place.guard() is None
        await empty_place.client.ensure(empty_place.spec("api-1"))
        await empty_place.client.wait_ready("api-1", 10)
    finally:
        process.terminate()
        async with asyncio.timeout(20):
            assert await process.wait() == 0

    async def gone() -> bool:
        return empty_place.ours() == []  # what was ended may take a moment to be reaped

    await until(gone, "every process of it has ended")


async def test_a_wrong_call_is_answered_with_the_usage() -> None:
    code, printed = await _run_daemon("--help")
    assert code == ExitCode.USAGE
    assert "usage: daemon --state DIR" in printed


async def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SupervisorStartError, match="cannot be made"):
        await start_daemon(tmp_path / "file" / "state")


async def test_a_folder_that_was_removed_under_a_client_is_no_supervisor(empty_place: Place) -> None:
    await empty_place.start()
    await empty_place.client.shutdown(stop_children=True)
    shutil.rmtree(empty_place.folder)
    empty_place.folder.parent.mkdir(exist_ok=True)
    await empty_place.start()
    assert await empty_place.client.list() == []
