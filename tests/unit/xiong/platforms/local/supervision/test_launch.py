"""How a process is started, as the kernel is asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xiong.platforms.local.supervision import ProcessSpec, launch


def _started(monkeypatch: pytest.MonkeyPatch, own: int, user: tuple[int, int] | None) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    monkeypatch.setattr("os.geteuid", lambda: own)
    monkeypatch.setattr("os.getuid", lambda: own)
    monkeypatch.setattr("os.getgid", lambda: own)
    monkeypatch.setattr("subprocess.Popen", lambda argv, **options: seen.update(options, argv=argv))
    spec = ProcessSpec("db", "db", ("/bin/db", "-x"), "/dev/null", env={"A": "b"}, user=user)
    launch.launch(spec, "folder/db")
    return seen


def test_root_gives_up_its_groups_with_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _started(monkeypatch, 0, (70, 71))
    assert (seen["user"], seen["group"], seen["extra_groups"]) == (70, 71, [])


def test_anybody_else_runs_it_as_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    for user in (None, (1000, 1000)):
        seen = _started(monkeypatch, 1000, user)
        assert (seen["user"], seen["group"], seen["extra_groups"]) == (None, None, None)


def test_anybody_else_cannot_run_it_as_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PermissionError, match="only root"):
        _started(monkeypatch, 1000, (70, 71))


def test_a_process_gets_its_mark_and_no_other_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _started(monkeypatch, 0, None)
    assert seen["env"] == {"A": "b", "XIONG_INSTANCE": "folder/db"}
    assert seen["argv"] == ["/bin/db", "-x"]
    assert seen["start_new_session"] is True


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], bool]:
    """Starts a program beside a lock file that names a pid; says whether the lock is still there."""
    monkeypatch.setattr("subprocess.Popen", lambda argv, **options: None)

    def start(pid: int, program: str) -> bool:
        file = tmp_path / "program.pid"
        file.write_text(f"{pid}\nmore\n")
        launch.launch(ProcessSpec("db", "db", (f"/bin/{program}",), "/dev/null", lock_file=str(file)), "t")
        return file.exists()

    return start


def test_the_lock_of_a_zombie_is_removed(lock: Callable[[int, str], bool]) -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # dead, not reaped
        assert not lock(pid, "true")
    finally:
        os.waitpid(pid, 0)


def test_the_lock_of_a_pid_that_now_names_another_program_is_removed(
    lock: Callable[[int, str], bool],
) -> None:
    assert not lock(os.getpid(), "postgres")


def test_the_lock_of_a_living_program_stays(lock: Callable[[int, str], bool]) -> None:
    assert lock(os.getpid(), Path("/proc/self/comm").read_text().strip())
