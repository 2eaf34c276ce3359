"""The first minutes of a user: up, talk, again, side by side, down without a trace."""

import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from copies import Copy, open_folder
from xiong.platforms.local.systemd import unit


def test_up_prints_what_works_and_is_safe_to_repeat(copy: Copy):
    pids = {i.name: i.identity for i in copy.instances()}

    again = copy.up()

    assert {i.name: i.identity for i in copy.instances()} == pids
    assert again["conversation"]["messages"] == 3
    token = (copy.state / "secrets" / "operator-token").read_text()
    curl = subprocess.run(
        [
            *("curl", "-sf", f"{copy.url}/api/v1/chat", "-H", f"Authorization: Bearer {token}"),
            *("-H", "Content-Type: application/json", "-d", '{"person": "demo-1", "message": "你好"}'),
        ],
        capture_output=True,
        check=True,
    )
    assert b'"reply"' in curl.stdout


def test_metrics_are_not_for_the_outside(copy: Copy):
    assert httpx.get(f"{copy.url}/metrics", trust_env=False).status_code == 404


def test_no_secret_is_on_a_command_line_or_in_an_environment(copy: Copy):
    secrets = [
        f.read_text().strip()
        for f in (copy.state / "secrets").iterdir()
        if f.name.startswith(("database-", "cache", "secret-key", "operator-token", "care-token"))
    ]
    assert len(secrets) >= 6
    for process in copy.processes():
        seen = " ".join([*process.cmdline(), *process.environ().values()])
        assert not [s for s in secrets if s in seen], process.name()


def test_a_second_verb_while_one_is_at_work_ends_with_4(copy: Copy):
    copy.change("src/api/main.py", append="# another release")
    deploying = copy.begin("deploy", "--from", str(copy.source))
    with deploying:
        while not (copy.state / "lease.json").exists():
            assert deploying.poll() is None
        refused = copy.xiong("rollback", expect=4)
        assert "holds the lease for `deploy" in refused.json["error"]["message"]
        deploying.communicate(timeout=110)
        assert deploying.returncode == 0


def test_a_verb_that_is_out_of_time_ends_with_5_and_the_next_one_ends_its_work(copy: Copy):
    before = copy.release()
    copy.change("src/api/main.py", append="# a release that is out of time")

    copy.xiong("deploy", "--from", str(copy.source), "--timeout", "6", expect=5)

    copy.xiong("scale", "2")
    assert copy.release() == before
    assert copy.xiong("status").json["healthy"]


def test_scale_and_its_limits(copy: Copy):
    copy.xiong("scale", "3")
    assert len(copy.instances("api")) == 3
    copy.xiong("scale", "1")
    assert len(copy.instances("api")) == 1
    refused = copy.xiong("scale", "99", expect=2).json["error"]["message"]
    assert "expected 1 to 8 (service.max_replicas)" in refused
    copy.xiong("scale", "2")


def test_the_unit_of_a_reboot_brings_everything_back_unattended(copy: Copy, tmp_path):
    release = copy.release()
    copy.crash()
    file = tmp_path / "xiong.service"
    file.write_text(unit(Path(sys.executable), copy.state))
    if shutil.which("systemd-analyze"):
        subprocess.run(["systemd-analyze", "verify", str(file)], check=True)
    start = next(line for line in file.read_text().splitlines() if line.startswith("ExecStart="))

    machine = subprocess.Popen(shlex.split(start.removeprefix("ExecStart=")), start_new_session=True)
    try:
        end = time.monotonic() + 60
        while not copy.xiong("status", expect=None).json.get("healthy"):
            assert time.monotonic() < end
        assert copy.release() == release
    finally:
        machine.terminate()
        machine.wait(60)
    assert copy.processes() == []
    copy.up()


def test_up_adopts_what_survived_the_death_of_its_supervisor(copy: Copy):
    valkey = copy.pid("valkey")
    copy.crash(spared=valkey)

    copy.up()

    assert copy.pid("valkey") == valkey
    assert copy.xiong("status").json["healthy"]


@pytest.fixture
def second():
    made = Copy(open_folder("second copy "))
    yield made
    made.remove()


def test_a_foreign_process_on_the_port_is_named_and_nothing_is_started(second: Copy):
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        second.environment["XIONG_PROXY__PORT"] = str(foreign.getsockname()[1])

        refused = second.xiong("up", "--detach", expect=1).json["error"]["message"]

    assert "for the proxy is taken by python" in refused
    assert "set proxy.port" in refused
    assert second.processes() == []


def test_two_copies_run_side_by_side_and_down_leaves_no_process(copy: Copy, second: Copy):
    second.up("--replicas", "1")

    assert second.url != copy.url
    assert (second.release(), copy.release()) != ("", "")
    second.xiong("down")

    assert second.processes() == []
    assert copy.xiong("status").json["healthy"]
    unhealthy = second.xiong("status", expect=3).json
    assert "the proxy gives no answer from the service" in unhealthy["faults"]
    stopped = second.xiong("rollback", expect=1).json["error"]
    assert (stopped["message"], stopped["hint"]) == ("nothing runs here now", "xiong up")
    second.xiong("down", "--purge", expect=2)
    second.xiong("down", "--purge", "--yes")
    assert not second.state.exists()


def test_verbs_before_the_first_up_say_what_to_type(second: Copy):
    refused = second.xiong("deploy", "--from", str(second.source), expect=1).json["error"]

    assert refused["hint"] == "xiong up"


PLANNED = ["postgres", "valkey", "proxy", "migrate", "pager", "api-0", "api-1"]


def test_dry_runs_change_nothing_and_print_the_argument_lists(second: Copy):
    planned = second.xiong("up", "--dry-run").json["commands"]

    assert [c["name"] for c in planned] == PLANNED
    assert all(isinstance(c["argv"], list) for c in planned)
    assert second.processes() == []
