"""How a process is started, as the kernel is asked."""

from __future__ import annotations

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
