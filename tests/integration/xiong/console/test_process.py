"""`xiong console` as a process: where it listens, what a restart keeps, how it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from console_stage import FORM_FIELD, field_of
from copies import finished
from servers import free_port, wait_until
from xiong.console.serving import welcome
from xiong.platforms.onehost.records import FileRecords

pytestmark = pytest.mark.long


def argv(state: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "xiong", "--state", str(state), "--json", "console", *words]


def xiong(state: Path, *words: str, expect: int = 0) -> dict:
    done = subprocess.run(
        argv(state, *words), capture_output=True, text=True, timeout=60, check=False, cwd=state
    )
    assert done.returncode == expect, done.stderr
    return json.loads(done.stdout)


@contextmanager
def running(state: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and its address; it is stopped as a supervisor would."""
    file = state / "records" / "console" / "address.json"
    file.unlink(missing_ok=True) if "XIONG_CONSOLE__PORT" in environment else None
    before = file.read_bytes() if file.is_file() else b""
    process = subprocess.Popen(
        argv(state), env={**os.environ, **environment}, cwd=state, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(
            lambda: file.is_file() and file.read_bytes() != before, "the console tells its address", 20
        )
        url = json.loads(file.read_bytes())["url"]
        wait_until(lambda: alive(url), "the console answers", 20)
        yield process, url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).json()["status"] == "alive"
    except httpx.HTTPError:
        return False


def test_a_token_opens_the_running_console_and_a_restart_logs_nobody_out(tmp_path: Path):
    made = xiong(tmp_path, "token", "王小明", "--role", "operate")
    with running(tmp_path) as (_, url), httpx.Client(base_url=url, trust_env=False) as client:
        form = client.get("/login")
        entered = client.post("/login", data={FORM_FIELD: field_of(form.text), "token": made["token"]})
        shown = client.get("/").text
        cookies = dict(client.cookies)
    with running(tmp_path) as (_, again):
        kept = httpx.get(again, cookies=cookies, trust_env=False)

    assert (made["name"], made["role"], made["url"]) == ("王小明", "operate", None)
    assert entered.status_code == 303
    assert "王小明" in shown
    assert "這裡尚未啟動過任何東西" in shown  # nothing runs here, and the console says so
    assert "server" not in form.headers
    assert again == url
    assert kept.status_code == 200


def test_the_token_is_kept_nowhere_and_its_files_are_for_us_alone(tmp_path: Path):
    token = xiong(tmp_path, "token", "nurse-a", "--role", "acknowledge")["token"]
    with running(tmp_path):
        pass
    files = [p for p in tmp_path.rglob("*") if p.is_file()]

    assert [p for p in files if token.encode() in p.read_bytes()] == []
    private = [
        p
        for p in files
        if p.name in {"audit.jsonl", "console-session-key"} or p.parent.name == "console-tokens"
    ]
    assert len(private) == 3
    assert {oct(p.stat().st_mode & 0o777) for p in private} == {"0o600"}


def test_tokens_are_listed_without_their_secret_and_end_when_revoked(tmp_path: Path):
    token = xiong(tmp_path, "token", "nurse-a", "--role", "view")["token"]
    listed = xiong(tmp_path, "tokens")

    assert [(v["name"], v["role"]) for v in listed["visitors"]] == [("nurse-a", "view")]
    assert token not in json.dumps(listed)
    assert xiong(tmp_path, "revoke", "nurse-a")["revoked"]
    assert xiong(tmp_path, "tokens") == {"visitors": []}
    assert "nobody named nurse-a" in xiong(tmp_path, "revoke", "nurse-a", expect=2)["error"]["message"]


@pytest.mark.parametrize("name", ["", " nurse", "a\nb", "x" * 65])
def test_a_name_that_cannot_be_recorded_gets_no_token(tmp_path: Path, name: str):
    assert (
        "cannot be a name" in xiong(tmp_path, "token", name, "--role", "view", expect=2)["error"]["message"]
    )


def test_a_port_that_is_set_is_taken_or_refused_in_words(tmp_path: Path):
    port = free_port()
    with running(tmp_path, XIONG_CONSOLE__PORT=str(port)) as (_, url):
        other = tmp_path / "other"
        other.mkdir()
        done = subprocess.run(
            argv(other),
            env={**os.environ, "XIONG_CONSOLE__PORT": str(port)},
            capture_output=True,
            timeout=60,
            check=False,
        )

    assert url == f"http://127.0.0.1:{port}"
    assert done.returncode == 1
    assert "console.port" in json.loads(done.stdout)["error"]["hint"]


def test_up_can_say_where_to_log_in_and_how_to_get_the_first_token(tmp_path: Path):
    records = FileRecords(tmp_path / "records")
    assert finished(welcome(records)) == ()
    with running(tmp_path) as (_, url):
        assert finished(welcome(records)) == (url, "xiong console token NAME --role operate")
        xiong(tmp_path, "token", "lead", "--role", "operate")
        assert finished(welcome(records)) == (url,)
