"""`make up` as root installs what is missing, starts no service of Debian's, and goes on whatever happens."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "deployment" / "scripts" / "install_monitoring.sh"
REAL = ("sh", "rm", "chmod", "timeout", "touch")


class Machine:
    """A PATH of its own: the tools that the script needs, and programs that only write down their calls."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        self.policy = folder / "policy-rc.d"
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        self.program("id", "echo 0")

    def program(self, name: str, script: str) -> None:
        file = self.bin / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.calls}"\n{script}\n')
        file.chmod(0o755)

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / "sh", SCRIPT],
            env={"PATH": str(self.bin), "POLICY": str(self.policy), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def called(self, name: str) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.is_file() else []
        return [line for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_what_is_missing_is_installed_and_its_service_neither_started_nor_enabled(machine):
    machine.program("apt-get", f'"{machine.policy}" prometheus start; echo "policy $?" >> "{machine.calls}"')
    machine.program("systemctl", "exit 0")

    done = machine.run()

    assert done.returncode == 0
    assert machine.called("policy") == ["policy 101"]
    [call] = machine.called("apt-get")
    assert call.endswith("install --no-install-recommends prometheus prometheus-alertmanager")
    disabled = [call.split()[-1] for call in machine.called("systemctl")]
    assert disabled == ["prometheus", "prometheus-alertmanager"]
    assert not machine.policy.exists()


def test_a_prometheus_that_is_there_is_left_alone(machine):
    for name in ("prometheus", "apt-get", "systemctl"):
        machine.program(name, "exit 0")

    machine.run()

    [call] = machine.called("apt-get")
    assert call.endswith("install --no-install-recommends prometheus-alertmanager")
    assert [call.split()[-1] for call in machine.called("systemctl")] == ["prometheus-alertmanager"]


def test_nothing_happens_where_both_are_there(machine):
    for name in ("prometheus", "alertmanager", "apt-get"):
        machine.program(name, "exit 0")

    done = machine.run()

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.called("apt-get") == []


def test_an_installation_that_fails_stops_nobody_and_leaves_no_policy(machine):
    machine.program("apt-get", "exit 100")

    done = machine.run()

    assert done.returncode == 0
    assert "the product runs without" in done.stderr
    assert [call.split()[-1] for call in machine.called("apt-get")] == ["prometheus-alertmanager", "update"]
    assert not machine.policy.exists()


@pytest.mark.parametrize("answer", [0, 104])
def test_a_policy_that_starts_services_is_not_overridden(machine, answer):
    machine.program("apt-get", "exit 0")
    machine.policy.write_text(f"#!/bin/sh\nexit {answer}\n")
    machine.policy.chmod(0o755)

    done = machine.run()

    assert done.returncode == 0
    assert "install by hand" in done.stderr
    assert machine.called("apt-get") == []
    assert machine.policy.exists()


def test_whoever_is_not_root_or_wants_no_monitoring_installs_nothing(machine):
    machine.program("apt-get", "exit 0")

    assert machine.run(XIONG_MONITORING__ENABLED="false").returncode == 0
    machine.program("id", "echo 1000")
    assert machine.run().returncode == 0
    assert machine.called("apt-get") == []


def test_the_script_can_be_run_by_make():
    assert os.access(SCRIPT, os.X_OK)
